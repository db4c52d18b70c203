/** Colours of what is drawn on canvas, for light and dark. The page's own colours live in app.css. */
export interface Palette {
  reference: string;
  referenceFill: string;
  alternate: string;
  alternateFill: string;
  gain: string;
  loss: string;
  ink: string;
  faint: string;
  rule: string;
  ground: string;
  hatch: string;
  /** Ground of the simulator's truth. */
  truthGround: string;
}

export const LIGHT: Palette = {
  reference: "#6b7280",
  referenceFill: "rgba(107, 114, 128, 0.34)",
  alternate: "#c2410c",
  alternateFill: "rgba(194, 65, 12, 0.26)",
  gain: "#c2410c",
  loss: "#1d5fa8",
  ink: "#1c2530",
  faint: "#8a93a0",
  rule: "#d9dde3",
  ground: "#ffffff",
  hatch: "rgba(28, 37, 48, 0.16)",
  truthGround: "rgba(13, 111, 105, 0.07)",
};

export const DARK: Palette = {
  reference: "#9aa4b2",
  referenceFill: "rgba(154, 164, 178, 0.34)",
  alternate: "#f0834a",
  alternateFill: "rgba(240, 131, 74, 0.28)",
  gain: "#f0834a",
  loss: "#6aaae8",
  ink: "#e4e8ee",
  faint: "#8c96a5",
  rule: "#343d4a",
  ground: "#151a21",
  hatch: "rgba(228, 232, 238, 0.18)",
  truthGround: "rgba(79, 181, 173, 0.10)",
};

/** Thin tags beside track names, one colour per modality; never the only sign of anything. */
export const MODALITY_COLOURS: Record<string, string> = {
  RNA_SEQ: "#2f7d5b",
  CAGE: "#5f8f3a",
  PROCAP: "#8a8f2f",
  DNASE: "#2d6fa3",
  ATAC: "#3f8fa8",
  CHIP_HISTONE: "#8a5a9e",
  CHIP_TF: "#a85f87",
  SPLICE_SITES: "#b07a2a",
  SPLICE_SITE_USAGE: "#b5883f",
  SPLICE_JUNCTIONS: "#a0642f",
  CONTACT_MAPS: "#6a6fb0",
};

/** Diverging blue – ground – orange, readable with every colour vision; `t` from −1 to 1. */
export function diverging(t: number, dark: boolean): [number, number, number] {
  const ground = dark ? [30, 36, 45] : [250, 250, 249];
  const end = t < 0 ? (dark ? [96, 165, 236] : [24, 84, 158]) : dark ? [244, 134, 74] : [186, 58, 8];
  const share = Math.min(1, Math.abs(t)) ** 0.8;
  const mix = (index: number) => Math.round((ground[index] ?? 0) + ((end[index] ?? 0) - (ground[index] ?? 0)) * share);
  return [mix(0), mix(1), mix(2)];
}
