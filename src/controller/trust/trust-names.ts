/** The Secret in the controller's namespace that holds the CAs with their keys, and what the replicas serve with. */
export const trustSecretName = "eastbound-trust";

/** The ConfigMap in each meshed namespace by which sidecars know the controller. */
export const bundleMapName = "eastbound-ca";

/** The key of the bundle, in the Secret and in the ConfigMaps: all CAs that sidecars are to believe. */
export const bundleKey = "ca.crt";
/** The private keys of the CAs that may still sign. */
export const authorityKeysKey = "ca.key";
export const servingChainKey = "tls.crt";
export const servingKeyKey = "tls.key";

/** On the Secret: since when each CA, by its fingerprint, has been in all namespaces. */
export const distributedAnnotation = "eastbound.dev/distributed";

/** On what the controller made and may remove. */
export const ownerLabel = "app.kubernetes.io/managed-by";

/** The label by which a namespace joins the mesh. */
export const injectLabel = "eastbound.dev/inject";
