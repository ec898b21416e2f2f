/**
 * What a part of the control plane may do at the API server: one RBAC rule and why it is needed. Each folder exports
 * its own; the ClusterRole, the Roles and their documentation are made of all.
 */
export interface Permission {
  /** "" is the core group. */
  readonly apiGroups: readonly string[];
  /** With subresources as RBAC writes them: `httproutes/status`. */
  readonly resources: readonly string[];
  /** The only objects that the rule covers. `create` can't be restricted by name, so it needs a rule of its own. */
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly Verb[];
  /** True: needed in the controller's own namespace alone (a Role). False: in all, or not namespaced (a ClusterRole). */
  readonly namespaced: boolean;
  /** One plain sentence for the documentation, without a full stop. */
  readonly why: string;
}

export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete";
