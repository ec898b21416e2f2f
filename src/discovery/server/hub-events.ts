import type { ResourceType } from "../resource-types.ts";
import type { SidecarIdentity } from "./resource-catalogue.ts";

/** What happens at the hub, for metrics and the log. Called while it happens: quick, and never throwing. */
export interface HubEvents {
  /** A response was handed over. `waitedMs`: since the oldest change or request in it. */
  onPush(push: {
    readonly type: ResourceType;
    readonly resources: number;
    readonly removed: number;
    readonly sizeBytes: number;
    readonly waitedMs: number;
  }): void;
  /** `tookMs`: since the oldest change or request that the response told of. */
  onAck(ack: { readonly type: ResourceType; readonly tookMs: number }): void;
  onNack(nack: {
    readonly type: ResourceType;
    readonly identity: SidecarIdentity;
    readonly names: readonly string[];
    readonly reason: string;
  }): void;
}
