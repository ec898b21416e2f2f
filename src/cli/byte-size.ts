import { type Bounds, invalid, type ValueType, within } from "./value-type.ts";

const units = [
  { name: "GiB", bytes: 1024 ** 3 },
  { name: "MiB", bytes: 1024 ** 2 },
  { name: "KiB", bytes: 1024 },
] as const;

/** A number of bytes: `64KiB`, `1MiB`, or plain `4096`. The B may be left out, as Kubernetes writes it: `64Ki`. */
export function byteSize(bounds: Bounds): ValueType<number> {
  return {
    placeholder: "SIZE",
    parse: (text) => {
      const [, amount, prefix] = /^(\d{1,12})(?:([KMG]i)B?)?$/.exec(text) ?? [];
      if (amount === undefined)
        return invalid(`must be a size as 64KiB or 4096, not ${JSON.stringify(text)}`);
      const unit = units.find(({ name }) => name === `${prefix}B`);
      return within(Number(amount) * (unit?.bytes ?? 1), bounds, showByteSize);
    },
    show: showByteSize,
  };
}

/** With the largest unit that leaves a whole number. */
export function showByteSize(bytes: number): string {
  const unit = units.find((u) => bytes >= u.bytes && bytes % u.bytes === 0);
  return unit === undefined ? `${bytes}` : `${bytes / unit.bytes}${unit.name}`;
}
