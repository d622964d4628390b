// The field above a list that says which of its rows stay. What is written in it is in the address, as `q`.
import type { RefObject } from 'preact';
import { setParams } from '../lib/route.ts';
import { Icon } from './parts.tsx';

interface Props {
  field: RefObject<HTMLInputElement | null>;
  label: string;
  placeholder: string;
  value: string;
  /** Says whether the key is done with. Escape empties the field before it comes to that. */
  onKey?: (key: string) => boolean;
}

export function FilterField({ field, label, placeholder, value, onKey }: Props) {
  const handled = (key: string): boolean => {
    if (key !== 'Escape' || !value) return onKey?.(key) ?? false;
    setParams({ q: undefined }, 'replace');
    return true;
  };
  return (
    <label class="filter">
      <Icon name="search" />
      <input
        ref={field}
        type="text"
        aria-label={label}
        placeholder={placeholder}
        autocomplete="off"
        spellcheck={false}
        value={value}
        onInput={(event) => setParams({ q: event.currentTarget.value || undefined }, 'replace')}
        onKeyDown={(event) => {
          if (!handled(event.key)) return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
    </label>
  );
}
