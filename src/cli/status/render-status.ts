import type { TypeReport } from "../../controller/sidecar-report.ts";
import { columns, type TextStyle } from "../explain/text-style.ts";
import { type MeshStatus, nameOf, type SidecarStatus } from "./mesh-status.ts";

/** For people, at a terminal. */
export function renderStatus(status: MeshStatus, style: TextStyle): string {
  const { sidecars, replicas } = status;
  const table = columns([
    ["SIDECAR", "NODE", "FRONTENDS", "BACKENDS", "CONNECTED", "CONTROLLER"],
    ...sidecars.map((sidecar) => [
      nameOf(sidecar),
      sidecar.node ?? "-",
      stateOf(sidecar, "Frontend"),
      stateOf(sidecar, "Backend"),
      showAge(sidecar.connectedForMs),
      sidecar.controller,
    ]),
  ]);
  const [head = "", ...rows] = table;
  const lines = sidecars.length === 0 ? [] : [style.bold(head)];
  for (const [index, row] of rows.entries()) {
    const sidecar = sidecars[index];
    const isInSync = sidecar?.isInSync !== false;
    lines.push(isInSync ? row : style.bad(row));
    lines.push(...(sidecar === undefined ? [] : refusals(sidecar).map((line) => style.warn(`  ${line}`))));
  }
  for (const replica of replicas) {
    if ("problem" in replica) lines.push(style.bad(`${replica.controller}: ${replica.problem}`));
  }
  return `${[...lines, summary(status)].join("\n")}\n`;
}

/** For programs that read lines: one for each sidecar and each replica, in words that don't change. */
export function plainStatus({ sidecars, replicas }: MeshStatus): string {
  const lines = sidecars.map((sidecar) => {
    const words = [
      "sidecar",
      nameOf(sidecar),
      `in-sync=${sidecar.isInSync}`,
      ...sidecar.types.map(({ type, state, resources }) => `${type.toLowerCase()}=${resources}:${state}`),
      `node=${sidecar.node ?? ""}`,
      `connected-seconds=${Math.floor(sidecar.connectedForMs / 1_000)}`,
      `controller=${sidecar.controller}`,
    ];
    const [refusal] = refusals(sidecar);
    return [...words, ...(refusal === undefined ? [] : [`refusal=${JSON.stringify(refusal)}`])].join(" ");
  });
  const controllers = replicas.map((replica) => {
    const outcome =
      "problem" in replica ? `problem=${JSON.stringify(replica.problem)}` : `sidecars=${replica.sidecars}`;
    return `controller ${replica.controller} ${outcome}`;
  });
  return [...controllers, ...lines].map((line) => `${line}\n`).join("");
}

/** `12`, `12, behind for 7s`. */
function stateOf({ types }: SidecarStatus, type: TypeReport["type"]): string {
  const found = types.find((each) => each.type === type);
  if (found === undefined) return "0";
  const { state, resources, forMs } = found;
  if (state === "in-sync") return String(resources);
  return `${resources}, ${state}${forMs === undefined ? "" : ` for ${showAge(forMs)}`}`;
}

/** What the sidecar does not take now. */
function refusals({ types }: SidecarStatus): readonly string[] {
  return types.flatMap(({ type, state, lastRefusal }) => {
    if (state !== "refused" || lastRefusal === undefined) return [];
    const { reason, ageMs, names } = lastRefusal;
    return [printable(`${type} ${names.join(", ")} refused ${showAge(ageMs)} ago: ${reason}`)];
  });
}

/** What a sidecar says is its own: nothing that a terminal would obey gets there. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "?");
}

function summary({ replicas, sidecars }: MeshStatus): string {
  const wrong = sidecars.filter(({ isInSync }) => !isInSync).length;
  const answering = replicas.filter((replica) => "sidecars" in replica).length;
  return [
    count(sidecars.length, "sidecar"),
    wrong === 0 ? "all in sync" : `${wrong} out of sync`,
    `${answering} of ${count(replicas.length, "controller")} answered`,
  ].join(", ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

const UNITS = [
  { name: "d", ms: 86_400_000 },
  { name: "h", ms: 3_600_000 },
  { name: "m", ms: 60_000 },
  { name: "s", ms: 1_000 },
] as const;

/** The two largest units: `3h12m`, `7s`. */
export function showAge(ms: number): string {
  const first = UNITS.findIndex((unit) => ms >= unit.ms);
  if (first === -1) return "0s";
  let rest = ms;
  let shown = "";
  for (const unit of UNITS.slice(first, first + 2)) {
    const amount = Math.floor(rest / unit.ms);
    rest -= amount * unit.ms;
    if (amount > 0) shown += `${amount}${unit.name}`;
  }
  return shown;
}
