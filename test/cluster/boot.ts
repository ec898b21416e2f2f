import { bootCluster, cluster, leaveCluster } from "./support/cluster.ts";
import { installGatewayCrds } from "./support/gateway-crds.ts";

before("boots the cluster, or finds it running", async function boot() {
  // Cold, the rig's programs are built first: Kubernetes alone takes ten minutes on two cores.
  this.timeout("45m");
  await bootCluster();
  // Somebody else's cluster keeps the Gateway API that it has.
  if (cluster().rig !== undefined) await installGatewayCrds("experimental");
});

after("takes down what was booted", async () => leaveCluster());
