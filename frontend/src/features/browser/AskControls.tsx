import { Button, Checkbox, Popover } from "@mantine/core";
import type { Catalogue, Engine } from "../../api/types";
import { byModality, typesByName } from "../../genome/tracks/names";
import { Icon } from "../../ui/icons";
import { grouped, plural } from "../../ui/numbers";
import type { ViewState } from "./viewState";
import { neededTooMuch } from "./windowMemory";

interface AskControlsProps {
  view: ViewState;
  engine: Engine;
  catalogue: Catalogue | undefined;
  /** Start is the next thing to do: nothing was asked yet, or the settings have changed since. */
  pending: boolean;
  asking: boolean;
  startWord: string;
  onChange: (part: Partial<ViewState>) => void;
  onStart: () => void;
}

/** What is asked of the model: cell types, modalities, window; and the button that asks. */
export function AskControls({ view, engine, catalogue, pending, asking, startWord, onChange, onStart }: AskControlsProps) {
  const types = typesByName(catalogue);
  const outputs = [...engine.output_types]
    .filter((name) => !catalogue || catalogue.tracks.some(({ output_type }) => output_type === name))
    .sort(byModality);
  const cells = catalogue?.biosamples ?? [];
  const tooMuch = (size: number) => {
    const needed = neededTooMuch(engine, size);
    return needed ? ` (needs ${needed})` : "";
  };

  return (
    <div className="ask" role="group" aria-label="What is asked of the model">
      <Picker
        label="cell type"
        options={cells.map(({ ontology_curie, name }) => ({ value: ontology_curie, name }))}
        chosen={view.cells}
        onChange={(chosen) => onChange({ cells: chosen })}
        testId="pick-cells"
      />
      <Picker
        label="modality"
        many="modalities"
        options={outputs.map((name) => ({ value: name, name: types.get(name)?.title ?? name }))}
        chosen={view.outputs}
        onChange={(chosen) => onChange({ outputs: chosen })}
        testId="pick-outputs"
      />
      <label className="ask-window">
        <span className="hidden">window given to the model</span>
        <select
          value={view.window ?? engine.default_window}
          onChange={({ currentTarget: { value } }) => onChange({ window: Number(value) })}
          data-testid="pick-window"
        >
          {/* A window that a link brought along but the engine lacks stays visible: the API says what is wrong. */}
          {[...new Set([...engine.windows, view.window ?? engine.default_window])]
            .sort((a, b) => a - b)
            .map((size) => (
              <option key={size} value={size}>
                {grouped(size)} bp window{tooMuch(size)}
              </option>
            ))}
        </select>
      </label>
      <Button size="xs" variant={pending ? "filled" : "default"} loading={asking} onClick={onStart} data-testid="start">
        {startWord}
      </Button>
    </div>
  );
}

interface PickerProps {
  label: string;
  many?: string;
  options: { value: string; name: string }[];
  chosen: string[] | null;
  onChange: (chosen: string[] | null) => void;
  testId: string;
}

function Picker({ label, many = `${label}s`, options, chosen, onChange, testId }: PickerProps) {
  const current = new Set(chosen ?? options.map(({ value }) => value));
  const words =
    chosen === null
      ? `all ${many}`
      : chosen.length === 1
        ? (options.find(({ value }) => value === chosen[0])?.name ?? chosen[0])
        : plural(chosen.length, label, many);

  function toggle(value: string): void {
    const next = options.map((option) => option.value).filter((each) => (each === value ? !current.has(each) : current.has(each)));
    if (next.length > 0) onChange(next.length === options.length ? null : next);
  }

  return (
    <Popover position="bottom-start" shadow="md" trapFocus>
      <Popover.Target>
        <Button size="xs" variant="subtle" color="gray" rightSection={<Icon name="down" size={12} />} data-testid={testId}>
          {words}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className="picker">
        {options.map(({ value, name }) => (
          <Checkbox key={value} size="xs" label={name} checked={current.has(value)} onChange={() => toggle(value)} data-testid={`${testId}-${value}`} />
        ))}
        <button type="button" className="more" onClick={() => onChange(null)}>
          All {many}
        </button>
      </Popover.Dropdown>
    </Popover>
  );
}
