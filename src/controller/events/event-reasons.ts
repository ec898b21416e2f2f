/** How an Event with a reason is made. */
export interface EventKind {
  readonly type: "Normal" | "Warning";
  /** The kind of object that it is about. */
  readonly on: string;
  /** What was being done (`action` of the Event). */
  readonly action: string;
  /**
   * `leader`: every replica comes to the same conclusion, and only the leader says it. `replica`: whoever sees it says
   * it, because the others can't or because it matters before there is a leader.
   */
  readonly by: "leader" | "replica";
}

/** Every Event that there is, by its reason: docs/status.md tells users what to do about each. */
export const EVENT_REASONS = {
  RouteNotAccepted: { type: "Warning", on: "HTTPRoute", action: "BindRoute", by: "leader" },
  RoutePartiallyInvalid: { type: "Warning", on: "HTTPRoute", action: "BindRoute", by: "leader" },
  RefsNotResolved: { type: "Warning", on: "HTTPRoute", action: "BindRoute", by: "leader" },
  RouteAccepted: { type: "Normal", on: "HTTPRoute", action: "BindRoute", by: "leader" },
  RouteValid: { type: "Normal", on: "HTTPRoute", action: "BindRoute", by: "leader" },
  RefsResolved: { type: "Normal", on: "HTTPRoute", action: "BindRoute", by: "leader" },
  StatusOverwritten: { type: "Warning", on: "HTTPRoute", action: "WriteStatus", by: "leader" },
  ServiceProblem: { type: "Warning", on: "Service", action: "BindService", by: "leader" },
  ConfigurationRefused: { type: "Warning", on: "Pod", action: "PushConfiguration", by: "replica" },
  AuthorityRotated: { type: "Normal", on: "Secret", action: "RotateCertificates", by: "leader" },
  CertificateRotated: { type: "Normal", on: "Secret", action: "RotateCertificates", by: "leader" },
  TrustRepaired: { type: "Warning", on: "Secret", action: "RotateCertificates", by: "leader" },
  GatewayApiMissing: { type: "Warning", on: "Service", action: "WatchRoutes", by: "replica" },
  MeshObjectTaken: { type: "Warning", on: "XMesh", action: "WriteStatus", by: "leader" },
} as const satisfies Readonly<Record<string, EventKind>>;

export type EventReason = keyof typeof EVENT_REASONS;
