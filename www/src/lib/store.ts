import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';

/** A value that tells its listeners when it is replaced. */
export class Store<T> {
  #listeners = new Set<() => void>();
  #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(next: T): void {
    if (Object.is(next, this.#value)) return;
    this.#value = next;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Replaces some fields of an object value. */
  patch(fields: Partial<T>): void {
    this.set({ ...this.#value, ...fields });
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** What `pick` takes from the store; renders again only when that changes. */
export function useStore<T, R = T>(store: Store<T>, pick: (value: T) => R = (value) => value as unknown as R): R {
  const [, render] = useReducer((n: number) => n + 1, 0);
  const picked = pick(store.value);
  const latest = useRef({ pick, picked });
  latest.current = { pick, picked };
  useLayoutEffect(() => {
    const check = () => {
      if (!Object.is(latest.current.pick(store.value), latest.current.picked)) render(undefined as never);
    };
    check();
    return store.subscribe(check);
  }, [store]);
  return picked;
}
