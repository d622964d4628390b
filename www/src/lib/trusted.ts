// The one trusted-types policy of the page: it makes the URLs of our own scripts, and nothing else.

type ScriptUrl = string & { readonly __script?: never };

interface Policy {
  createScriptURL(url: string): ScriptUrl;
}

function ownScript(url: string): string {
  const full = new URL(url, document.baseURI);
  if (full.origin !== location.origin) throw new TypeError(`not a script of this page: ${full.href}`);
  return full.href;
}

const factory = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy } }).trustedTypes;
const policy: Policy = factory ? factory.createPolicy('lw', { createScriptURL: ownScript }) : { createScriptURL: ownScript };

export const scriptUrl = (url: string): ScriptUrl => policy.createScriptURL(url);
