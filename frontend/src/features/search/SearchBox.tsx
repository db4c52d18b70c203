import { Combobox, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { sentence } from "../../api/errors";
import { fetchSearch, useSearch } from "../../api/queries";
import type { SearchResult } from "../../api/types";
import { Icon } from "../../ui/icons";
import { openResult, openVariants, type Setting } from "../browser/openings";

interface SearchBoxProps {
  assembly: string | undefined;
  setting: Setting;
  large?: boolean;
  placeholder: string;
}

const KIND_WORD: Record<SearchResult["kind"], string> = {
  gene: "gene",
  interval: "region",
  variant: "variant",
  problem: "check",
};

/** One box for a variant, a gene or a region. What cannot be right is said at once, with the way out. */
export function SearchBox({ assembly, setting, large = false, placeholder }: SearchBoxProps) {
  const [text, setText] = useState("");
  const [failure, setFailure] = useState<string | null>(null);
  const [settled] = useDebouncedValue(text.trim(), 120);
  const search = useSearch(assembly, settled);
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const input = useRef<HTMLInputElement>(null);
  const results = settled && text.trim() ? (search.data ?? []) : [];

  useEffect(() => {
    // "/" leads to the box from anywhere, as on many pages with one.
    const jump = (event: globalThis.KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener("keydown", jump);
    return () => document.removeEventListener("keydown", jump);
  }, []);

  function choose(result: SearchResult): void {
    setFailure(null);
    if (result.kind === "problem") {
      const swap = result.problem?.swap;
      if (!swap) {
        setFailure(result.problem?.message ?? result.sentence);
        return;
      }
      openVariants([swap], setting);
    } else {
      openResult(result, setting);
    }
    setText("");
    combobox.closeDropdown();
    input.current?.blur();
  }

  /** Enter goes to the first hit, also when it is quicker than the list. */
  async function submit(): Promise<void> {
    const asked = text.trim();
    if (!asked || !assembly) return;
    try {
      const hits = asked === settled && !search.isPlaceholderData && search.data ? search.data : await fetchSearch(assembly, asked);
      const [first] = hits;
      if (!first) {
        setFailure(`Nothing on ${assembly} is called "${asked}". Type a gene, a region like demo1:10,000-20,000, or a variant like demoS:118402:C>CCG.`);
      } else if (first.kind === "problem") {
        // A swap is offered, never taken unasked.
        setFailure(first.problem?.message ?? first.sentence);
        combobox.openDropdown();
      } else {
        choose(first);
      }
    } catch (error) {
      setFailure(sentence(error));
    }
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Enter" || combobox.getSelectedOptionIndex() >= 0) return;
    event.preventDefault();
    void submit();
  }

  return (
    <div className={large ? "search search-large" : "search"}>
      <Combobox store={combobox} shadow="md" offset={4} onOptionSubmit={(index) => {
        const result = results[Number(index)];
        if (result) choose(result);
      }}>
        <Combobox.Target>
          <TextInput
            ref={input}
            size={large ? "lg" : "sm"}
            value={text}
            onChange={({ currentTarget: { value } }) => {
              setText(value);
              setFailure(null);
              combobox.openDropdown();
              combobox.resetSelectedOption();
            }}
            onFocus={() => combobox.openDropdown()}
            onBlur={() => combobox.closeDropdown()}
            onKeyDown={onKeyDown}
            placeholder={placeholder}
            aria-label="Search for a variant, a gene or a region"
            leftSection={<Icon name="search" size={large ? 20 : 16} />}
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
            data-testid="search-input"
          />
        </Combobox.Target>
        <Combobox.Dropdown hidden={results.length === 0}>
          <Combobox.Options>
            {results.map((result, index) => (
              <Combobox.Option
                key={`${result.kind}-${result.label}-${index}`}
                value={String(index)}
                className={`hit hit-${result.kind}`}
                data-testid={`search-${result.kind}`}
              >
                <span className="hit-kind">{KIND_WORD[result.kind]}</span>
                <span className="hit-words">
                  <span className={result.kind === "gene" ? "hit-label gene-name" : "hit-label mono"}>{result.label}</span>
                  <span className="hit-sentence">{result.problem?.message ?? result.sentence}</span>
                </span>
                {result.problem?.swap ? (
                  <span className="hit-swap">
                    <Icon name="swap" size={14} /> Use {result.problem.swap}
                  </span>
                ) : null}
              </Combobox.Option>
            ))}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
      {failure ? (
        <p className="search-failure" role="alert" data-testid="search-failure">
          {failure}
        </p>
      ) : null}
    </div>
  );
}
