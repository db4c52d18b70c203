import type { SVGProps } from "react";

/** Line icons of one weight; every use stands beside a word or carries an aria-label on its button. */
const PATHS = {
  search: "M11 11l4 4M12 7A5 5 0 1 1 2 7a5 5 0 0 1 10 0Z",
  zoomIn: "M11 11l4 4M12 7A5 5 0 1 1 2 7a5 5 0 0 1 10 0ZM4.5 7h5M7 4.5v5",
  zoomOut: "M11 11l4 4M12 7A5 5 0 1 1 2 7a5 5 0 0 1 10 0ZM4.5 7h5",
  left: "M10 3 5 8l5 5",
  right: "M6 3l5 5-5 5",
  down: "M3 6l5 5 5-5",
  close: "M4 4l8 8M12 4l-8 8",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5Z",
  target: "M8 2v3M8 11v3M2 8h3M11 8h3M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z",
  fit: "M2 4v8M14 4v8M4.5 8h7M6.5 6l-2 2 2 2M9.5 6l2 2-2 2",
  swap: "M3 5.5h9L9.5 3M13 10.5H4L6.5 13",
  link: "M6.5 9.5l3-3M7 4.5 8.5 3a3 3 0 0 1 4.5 4.5L11.5 9M9 11.5 7.5 13A3 3 0 0 1 3 8.5L4.5 7",
  rows: "M2 4h12M2 8h12M2 12h12",
  sliders: "M2 5h7M12 5h2M2 11h2M7 11h7M9 5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 0 0-3 0ZM4 11a1.5 1.5 0 1 0 3 0 1.5 1.5 0 0 0-3 0Z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16, ...rest }: { name: IconName; size?: number } & SVGProps<SVGSVGElement>) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      {...rest}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
