import type { ReactNode } from "react";

/** One sentence with what to do: an error, a warning or a plain remark, with room for its buttons. */
export function Notice({
  kind = "remark",
  children,
  actions,
}: {
  kind?: "error" | "warning" | "remark";
  children: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div className={`notice notice-${kind}`} role={kind === "error" ? "alert" : "status"} data-testid={`notice-${kind}`}>
      <p>{children}</p>
      {actions ? <div className="notice-actions">{actions}</div> : null}
    </div>
  );
}
