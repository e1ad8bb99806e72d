package billing;

import billing.v1.BillingApi.GetInvoiceRequest;
import billing.v1.BillingApi.GetInvoiceResponse;
import billing.v1.BillingApi.Invoice;
import billing.v1.BillingApi.ListInvoicesRequest;
import billing.v1.BillingApi.ListInvoicesResponse;
import billing.v1.BillingApi.PayRequest;
import billing.v1.BillingApi.PayResponse;
import billing.v1.BillingServiceGrpc.BillingServiceImplBase;
import dev.samspel.error.Rejection;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.Map;

/** Requests, answers and refusals. What is called and what is told comes here alike. */
final class BillingApi extends BillingServiceImplBase {
  private final Invoices invoices;
  private final Announcer announcer;

  BillingApi(Invoices invoices, Announcer announcer) {
    this.invoices = invoices;
    this.announcer = announcer;
  }

  @Override
  public void getInvoice(GetInvoiceRequest request, StreamObserver<GetInvoiceResponse> out) {
    String cartId = requireCart(request.getCartId());
    Invoice invoice =
        invoices.find(cartId).orElseThrow(() -> noInvoice(Status.Code.NOT_FOUND, cartId));
    out.onNext(GetInvoiceResponse.newBuilder().setInvoice(invoice).build());
    out.onCompleted();
  }

  @Override
  public void listInvoices(ListInvoicesRequest request, StreamObserver<ListInvoicesResponse> out) {
    for (Invoice invoice : invoices.list(request.getUnpaid())) {
      out.onNext(ListInvoicesResponse.newBuilder().setInvoice(invoice).build());
    }
    out.onCompleted();
  }

  @Override
  public void pay(PayRequest request, StreamObserver<PayResponse> out) {
    String cartId = requireCart(request.getCartId());
    Invoice invoice =
        invoices.pay(cartId).orElseThrow(() -> noInvoice(Status.Code.FAILED_PRECONDITION, cartId));
    announcer.wake();
    out.onNext(PayResponse.newBuilder().setInvoice(invoice).build());
    out.onCompleted();
  }

  private static String requireCart(String cartId) {
    if (cartId.isEmpty()) {
      throw new Rejection(
          Status.Code.INVALID_ARGUMENT, "cart_id must not be empty", Map.of("field", "cart_id"));
    }
    return cartId;
  }

  private static Rejection noInvoice(Status.Code code, String cartId) {
    return new Rejection(code, "there is no invoice of cart " + cartId, Map.of("cart_id", cartId));
  }
}
