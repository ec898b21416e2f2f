import type { Permission } from "../../../src/controller/permission.ts";

const API = "rbac.authorization.k8s.io";

/** The objects that let a ServiceAccount of a namespace do what the permissions say, and nothing else. */
export interface Rbac {
  readonly namespaced: readonly object[];
  /** Named `name`; nobody deletes them with the namespace. */
  readonly clusterScoped: readonly object[];
}

export function rbacObjects(
  permissions: readonly Permission[],
  account: { readonly namespace: string; readonly name: string },
  name: string,
): Rbac {
  const apiVersion = `${API}/v1`;
  const subjects = [{ kind: "ServiceAccount", ...account }];
  const metadata = { name: account.name };
  return {
    namespaced: [
      { apiVersion: "v1", kind: "ServiceAccount", metadata },
      { apiVersion, kind: "Role", metadata, rules: rulesOf(permissions, true) },
      {
        apiVersion,
        kind: "RoleBinding",
        metadata,
        subjects,
        roleRef: { apiGroup: API, kind: "Role", name: account.name },
      },
    ],
    clusterScoped: [
      { apiVersion, kind: "ClusterRole", metadata: { name }, rules: rulesOf(permissions, false) },
      {
        apiVersion,
        kind: "ClusterRoleBinding",
        metadata: { name },
        subjects,
        roleRef: { apiGroup: API, kind: "ClusterRole", name },
      },
    ],
  };
}

function rulesOf(permissions: readonly Permission[], namespaced: boolean): readonly object[] {
  return permissions
    .filter((permission) => permission.namespaced === namespaced)
    .map(({ apiGroups, resources, resourceNames, verbs }) => ({
      apiGroups,
      resources,
      resourceNames,
      verbs,
    }));
}
