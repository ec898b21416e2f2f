import type { Contestant, ContestantName } from "../contestant.ts";
import { eastbound } from "./eastbound.ts";
import { envoy } from "./envoy.ts";
import { haproxy } from "./haproxy.ts";
import { nginx } from "./nginx.ts";

export const contestants: Readonly<Record<ContestantName, Contestant>> = { eastbound, nginx, haproxy, envoy };
