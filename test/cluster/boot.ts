import { bootCluster, leaveCluster } from "./support/cluster.ts";

before("boots the cluster, or finds it running", async function boot() {
  // Cold, the rig's programs are built first: Kubernetes alone takes ten minutes on two cores.
  this.timeout("45m");
  await bootCluster();
});

after("takes down what was booted", async () => leaveCluster());
