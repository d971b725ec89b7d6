/** A whole node and the certificates it is given: what it presents to clients, and what it says of those that it cannot present. */
import { X509Certificate } from "node:crypto";
import { expect, it } from "vitest";
import type { CertificateState } from "../../sdk/desired-state.ts";
import { sealSecrets } from "../../sdk/sealed-secret.ts";
import { chainOf, keyOf, type CertificateName } from "../support/certificates.ts";
import { ControlPlaneDouble } from "./support/control-plane-double.ts";
import { EdgeNodeProcess } from "./support/edge-node-process.ts";
import { Signer } from "./support/signed-release.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { connectTls } from "./support/tls-client.ts";

const www = (chain: CertificateName, key: CertificateName = chain): CertificateState => ({
  name: "www",
  chain: chainOf(chain),
  sealedKey: sealSecrets({ key: keyOf(key) }, "token"),
});

/** The serial number of what the node presents. */
async function presented(node: EdgeNodeProcess): Promise<string> {
  const socket = await connectTls((await node.health()).tlsPort ?? 0);
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

const serialOf = (name: CertificateName): string => new X509Certificate(chainOf(name)).serialNumber;

it(
  "a certificate that a node cannot open is named in its acknowledgement, and the one before goes on, also after a restart",
  {
    timeout: 180_000,
  },
  async () => {
    const signer = new Signer();
    const control = await new ControlPlaneDouble().start();
    const data = await temporaryFolder();
    const publish = async (revision: number, certificate: CertificateState): Promise<void> => {
      const state = { ...signer.state(revision, []), certificates: [certificate] };
      control.greeting = [{ kind: "state", state }];
      control.push({ kind: "state", state });
      await control.until(() => control.acks.some((ack) => ack.revision === revision));
    };
    const startNode = (): Promise<EdgeNodeProcess> =>
      new EdgeNodeProcess({ control: control.url, data, "tls-port": "0" }).serving();

    const node = await startNode();
    await publish(1, www("www"));
    expect(await presented(node)).toBe(serialOf("www"));
    await publish(2, www("renewed", "rsa"));
    const failures = [
      { certificate: "www", code: "CERTIFICATE_REFUSED", message: expect.stringContaining("does not belong") },
    ];
    expect(control.acks.at(-1)).toMatchObject({ revision: 2, failures });
    expect(await presented(node)).toBe(serialOf("www"));
    expect(await node.health()).toMatchObject({ revision: 2, failures });
    expect(await node.metrics()).toMatch(/^selvage_node_certificate_failures(?:\{[^}]*\})? 1$/m);

    node.kill("SIGKILL");
    await node.exited;
    await control.stop();
    const alone = await startNode();
    expect(await presented(alone)).toBe(serialOf("www"));
    await control.start();
    await publish(3, www("renewed"));
    expect(control.acks.at(-1)).toMatchObject({ revision: 3, failures: [] });
    await expect.poll(() => presented(alone)).toBe(serialOf("renewed"));
  },
);
