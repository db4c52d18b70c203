import { Checkbox, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import type { Catalogue, Track } from "../../api/types";
import { byModality, measurementName, strandSign, typesByName } from "../../genome/tracks/names";
import { MODALITY_COLOURS } from "../../genome/tracks/palette";
import { inReadingOrder, MOST_ROWS, PRESETS, presetTracks } from "../../genome/tracks/selection";
import { Icon } from "../../ui/icons";

interface TrackChooserProps {
  catalogue: Catalogue;
  selected: string[];
  cells: string[] | null;
  onSelect: (tracks: string[]) => void;
}

const NO_CELL = "";

/** What can be shown: by cell type, then by modality, with counts, and ready selections. */
export function TrackChooser({ catalogue, selected, cells, onSelect }: TrackChooserProps) {
  const [text, setText] = useState("");
  const chosen = useMemo(() => new Set(selected), [selected]);
  const types = useMemo(() => typesByName(catalogue), [catalogue]);

  const groups = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const matches = (track: Track) => {
      const type = types.get(track.output_type);
      const all = `${track.label} ${measurementName(track, type)} ${type?.title ?? ""} ${track.assay_title} ${track.name} ${track.ontology_curie}`.toLowerCase();
      return words.every((word) => all.includes(word));
    };
    const names = new Map<string, string>(catalogue.biosamples.map(({ ontology_curie, name }) => [ontology_curie, name]));
    // Cell types in focus first.
    const order = [...new Set([...(cells ?? []), ...names.keys()])];
    const byCell = new Map<string, Track[]>(order.map((curie) => [curie, []]));
    for (const track of catalogue.tracks) {
      if (!matches(track)) continue;
      const key = track.ontology_curie || NO_CELL;
      byCell.set(key, [...(byCell.get(key) ?? []), track]);
    }
    return [...byCell].filter(([, tracks]) => tracks.length > 0).map(([curie, tracks]) => ({ curie, name: names.get(curie) ?? "All cell types", tracks }));
  }, [catalogue, cells, text, types]);

  function toggle(tracks: Track[], on: boolean): void {
    const ids = new Set(selected);
    for (const { id } of tracks) {
      if (on) ids.add(id);
      else ids.delete(id);
    }
    onSelect(inReadingOrder(catalogue.tracks.filter(({ id }) => ids.has(id)), catalogue, cells ?? []).map(({ id }) => id));
  }

  return (
    <aside className="panel chooser" aria-labelledby="tracks-title" data-testid="track-chooser">
      <h2 id="tracks-title">Tracks</h2>
      <p className="quiet" data-testid="tracks-shown">
        {Math.min(selected.length, MOST_ROWS)} of {catalogue.tracks.length} shown
      </p>
      <div className="presets" role="group" aria-label="Ready selections">
        {PRESETS.map((preset) => (
          <button key={preset.name} type="button" title={preset.sentence} onClick={() => onSelect(presetTracks(catalogue, preset, { outputs: null, cells: preset.name === "everything" ? null : cells }))} data-testid={`preset-${preset.name}`}>
            {preset.title}
          </button>
        ))}
      </div>
      <TextInput
        size="xs"
        value={text}
        onChange={({ currentTarget: { value } }) => setText(value)}
        placeholder="Find tracks"
        aria-label="Find tracks by name"
        leftSection={<Icon name="search" size={13} />}
        data-testid="track-search"
      />
      {groups.length === 0 ? <p className="quiet">No track matches “{text}”.</p> : null}
      {groups.map(({ curie, name, tracks }, index) => (
        <details key={curie} className="cell" open={text !== "" || index === 0 || tracks.some(({ id }) => chosen.has(id))}>
          <summary>
            <Icon name="right" size={12} className="turn" />
            <span>{name}</span>
            <span className="count">
              {tracks.filter(({ id }) => chosen.has(id)).length}/{tracks.length}
            </span>
          </summary>
          {modalities(tracks).map(([outputType, members]) => {
            const on = members.filter(({ id }) => chosen.has(id)).length;
            const title = types.get(outputType)?.title ?? outputType;
            const several = members.length > 1;
            return (
              <div key={outputType} className="modality">
                <Checkbox
                  size="xs"
                  checked={on === members.length}
                  indeterminate={on > 0 && on < members.length}
                  onChange={({ currentTarget: { checked } }) => toggle(members, checked)}
                  label={
                    <span className="modality-label">
                      <span className="tag" style={{ background: MODALITY_COLOURS[outputType] }} />
                      {title}
                      {several ? <span className="count">{members.length}</span> : null}
                    </span>
                  }
                  data-testid={`choose-${curie}-${outputType}`}
                />
                {several ? (
                  <div className="members">
                    {members.map((track) => (
                      <button key={track.id} type="button" aria-pressed={chosen.has(track.id)} onClick={() => toggle([track], !chosen.has(track.id))} title={track.name}>
                        {memberName(track, title)}
                      </button>
                    ))}
                  </div>
                ) : null}
              </div>
            );
          })}
        </details>
      ))}
    </aside>
  );
}

function memberName(track: Track, title: string): string {
  const name = track.histone_mark || track.transcription_factor;
  if (name) return name;
  const strand = strandSign(track.strand);
  return strand ? `${strand} strand` : title;
}

function modalities(tracks: Track[]): [string, Track[]][] {
  const groups = new Map<string, Track[]>();
  for (const track of tracks) groups.set(track.output_type, [...(groups.get(track.output_type) ?? []), track]);
  return [...groups].sort(([a], [b]) => byModality(a, b));
}
