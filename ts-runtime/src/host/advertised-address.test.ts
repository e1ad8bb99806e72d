import t from "tap";
import { advertisedAddress } from "./advertised-address.ts";

t.test("advertisedAddress() is the host itself where it names one", async (t) => {
  t.equal(await advertisedAddress("10.0.0.7", "http://127.0.0.1:8500"), "10.0.0.7");
  t.equal(await advertisedAddress("localhost", "http://127.0.0.1:8500"), "127.0.0.1");
});

t.test(
  "advertisedAddress() is the interface that faces the registry where the host is all of them",
  async (t) => {
    t.equal(await advertisedAddress("0.0.0.0", "http://127.0.0.1:8500"), "127.0.0.1");
    t.equal(await advertisedAddress("0.0.0.0", "http://localhost"), "127.0.0.1");
  },
);
