import { ActionIcon, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Genome } from "../../api/types";
import { formatInterval, type Interval, parseInterval, width } from "../../genome/interval";
import { type IconName, Icon } from "../../ui/icons";
import { basePairs } from "../../ui/numbers";

interface ToolbarProps {
  interval: Interval;
  genome: Genome;
  onGo: (interval: Interval) => void;
  onZoom: (factor: number) => void;
  onPan: (share: number) => void;
  onWindow: (() => void) | null;
  onVariant: (() => void) | null;
}

/** Moving about: every gesture of the mouse has a button here. */
export function Toolbar({ interval, genome, onGo, onZoom, onPan, onWindow, onVariant }: ToolbarProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  function go(): void {
    if (typed === null) return;
    const next = parseInterval(typed);
    const chromosome = genome.chromosomes.find(({ name }) => name === next?.chromosome);
    if (!next) setProblem("Type it like demo1:10,000-42,768.");
    else if (!chromosome) {
      setProblem(`${genome.assembly} has no ${next.chromosome}; it has ${genome.chromosomes.map(({ name }) => name).join(", ")}.`);
    } else if (next.start >= chromosome.length) {
      setProblem(`${chromosome.name} ends at ${chromosome.length.toLocaleString("en-US")}.`);
    } else {
      setProblem(null);
      setTyped(null);
      onGo({ ...next, end: Math.min(next.end, chromosome.length) });
    }
  }

  const button = (icon: IconName, label: string, act: (() => void) | null, testId: string) => (
    <ActionIcon variant="subtle" color="gray" size="md" aria-label={label} title={label} disabled={!act} onClick={() => act?.()} data-testid={testId}>
      <Icon name={icon} />
    </ActionIcon>
  );

  return (
    <div className="toolbar" role="group" aria-label="Move the view">
      {button("left", "Move left", () => onPan(-0.4), "pan-left")}
      {button("right", "Move right", () => onPan(0.4), "pan-right")}
      {button("zoomOut", "Zoom out", () => onZoom(2), "zoom-out")}
      {button("zoomIn", "Zoom in", () => onZoom(0.5), "zoom-in")}
      <TextInput
        size="xs"
        className="toolbar-interval"
        aria-label="Interval on screen, 1-based"
        value={typed ?? formatInterval(interval, true)}
        error={problem}
        onFocus={({ currentTarget }) => currentTarget.select()}
        onChange={({ currentTarget: { value } }) => setTyped(value)}
        onBlur={() => {
          setTyped(null);
          setProblem(null);
        }}
        onKeyDown={({ key, currentTarget }) => {
          if (key === "Enter") go();
          if (key === "Escape") currentTarget.blur();
        }}
        spellCheck={false}
        data-testid="interval-input"
      />
      <span className="toolbar-width">{basePairs(width(interval))}</span>
      {button("target", "Go to the variant", onVariant, "go-variant")}
      {button("fit", "Show the whole predicted window", onWindow, "go-window")}
    </div>
  );
}
