/** A reference as people write it. */
export const familiar = (reference: string): string => reference.replace(/^(?:index\.)?docker\.io\/(?:library\/)?/, '');
