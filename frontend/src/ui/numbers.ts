/** Numbers for reading: three significant digits, thousands separators, a real minus sign. */
export function significant(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(digits - 1).replace("-", "−").replace("e+", "e");
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  const text = size.toLocaleString("en-US", {
    minimumFractionDigits: Math.min(decimals, 4),
    maximumFractionDigits: Math.min(decimals, 4),
  });
  return value < 0 ? `−${text}` : text;
}

/** As `significant`, with a plus sign for gains. */
export function signed(value: number | null | undefined, digits = 3): string {
  const text = significant(value, digits);
  return typeof value === "number" && value > 0 ? `+${text}` : text;
}

export function grouped(value: number): string {
  return Math.round(value).toLocaleString("en-US").replace("-", "−");
}

/** 16,384 → "16.4 kb"; 812 → "812 bp". */
export function basePairs(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${significant(value / 1e6)} Mb`;
  if (size >= 1e3) return `${significant(value / 1e3)} kb`;
  return `${grouped(value)} bp`;
}

export function seconds(milliseconds: number): string {
  return milliseconds < 60_000
    ? `${(milliseconds / 1000).toFixed(milliseconds < 9_950 ? 1 : 0)} s`
    : `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}

/** "just now", "4 min ago", "2 h ago", then the date. */
export function ago(time: string | null | undefined, now = Date.now()): string {
  if (!time) return "–";
  const elapsed = now - new Date(time).getTime();
  if (elapsed < 45_000) return "just now";
  if (elapsed < 3_600_000) return `${Math.max(1, Math.round(elapsed / 60_000))} min ago`;
  if (elapsed < 86_400_000) return `${Math.round(elapsed / 3_600_000)} h ago`;
  return new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

export function plural(count: number, word: string, many = `${word}s`): string {
  return `${grouped(count)} ${count === 1 ? word : many}`;
}
