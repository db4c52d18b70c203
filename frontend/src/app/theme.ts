import { createTheme, type MantineColorsTuple } from "@mantine/core";

/** The one accent: a deep sea green that is neither REF, ALT, gain nor loss. */
const accent: MantineColorsTuple = [
  "#e9f5f4",
  "#d3e9e7",
  "#a5d3cf",
  "#74bcb6",
  "#4ca8a1",
  "#2f9a93",
  "#17857e",
  "#0d6f69",
  "#075a55",
  "#034540",
];

const dark: MantineColorsTuple = [
  "#e4e8ee",
  "#c3cad4",
  "#9aa4b2",
  "#6f7a89",
  "#3d4755",
  "#2c3541",
  "#222a34",
  "#1b222b",
  "#151a21",
  "#0f1319",
];

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 7, dark: 5 },
  colors: { accent, dark },
  fontFamily: '"IBM Plex Sans Variable", system-ui, sans-serif',
  fontFamilyMonospace: '"IBM Plex Mono", ui-monospace, monospace',
  defaultRadius: 4,
  cursorType: "pointer",
  respectReducedMotion: true,
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
});
