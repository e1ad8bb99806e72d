// What the pages talk to: the dashboard's own service, and through its server what each service tells of itself.
import { createClient, type Client } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { DashboardService } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { BackofficeService } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import { InspectionService } from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { TopicService } from "@samspel/runtime/gen/samspel/v1/topic_service_pb.js";

/** The clients of one service. */
interface ServiceClients {
  readonly backoffice: Client<typeof BackofficeService>;
  readonly inspection: Client<typeof InspectionService>;
  readonly topics: Client<typeof TopicService>;
}

/** The names of the toolkit's own services, as `Service.ownServices` has them. */
export const ownServices = {
  backoffice: BackofficeService.typeName,
  inspection: InspectionService.typeName,
  topics: TopicService.typeName,
} as const;

/** The dashboard's own service. */
export const dashboard: Client<typeof DashboardService> = createClient(
  DashboardService,
  createConnectTransport({ baseUrl: location.origin, useBinaryFormat: true }),
);

const known = new Map<string, ServiceClients>();

/** What a service tells of itself. */
export function serviceClients(service: string): ServiceClients {
  const present = known.get(service);
  if (present !== undefined) return present;
  const transport = createConnectTransport({
    baseUrl: `${location.origin}/services/${encodeURIComponent(service)}`,
    useBinaryFormat: true,
  });
  const clients: ServiceClients = {
    backoffice: createClient(BackofficeService, transport),
    inspection: createClient(InspectionService, transport),
    topics: createClient(TopicService, transport),
  };
  known.set(service, clients);
  return clients;
}
