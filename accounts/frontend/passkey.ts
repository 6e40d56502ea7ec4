/**
 * Makes or shows a passkey (WebAuthn), and sends the form with what the authenticator answered.
 *
 * The server writes the options into the page. Bytes in them are base64url, as in the JSON of
 * WebAuthn level 3; older browsers cannot read that themselves.
 */

import { written } from "#web/page.ts";
import { phrase } from "#web/phrases.ts";

interface Descriptor {
  type: "public-key";
  id: string;
}

interface ToCreate {
  challenge: string;
  rp: PublicKeyCredentialRpEntity;
  pubKeyCredParams: PublicKeyCredentialParameters[];
  user: { id: string; name: string; displayName: string };
  excludeCredentials?: Descriptor[];
}

interface ToGet {
  challenge: string;
  rpId: string;
  allowCredentials?: Descriptor[];
}

/** Names of a DOMException that have a sentence of their own. */
const SENTENCES: Record<string, string> = {
  AbortError: "cancelled",
  NotAllowedError: "cancelled",
  InvalidStateError: "known",
  SecurityError: "wrong-place",
};

function decode(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

function encode(bytes: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decoded(ids: Descriptor[] = []): PublicKeyCredentialDescriptor[] {
  return ids.map((one) => ({ ...one, id: decode(one.id) }));
}

function create(options: ToCreate): Promise<Credential | null> {
  const publicKey = {
    ...options,
    challenge: decode(options.challenge),
    user: { ...options.user, id: decode(options.user.id) },
    excludeCredentials: decoded(options.excludeCredentials),
  };
  return navigator.credentials.create({ publicKey });
}

function get(options: ToGet): Promise<Credential | null> {
  const publicKey = {
    ...options,
    challenge: decode(options.challenge),
    allowCredentials: decoded(options.allowCredentials),
  };
  return navigator.credentials.get({ publicKey });
}

/** Return what the server reads: `RegistrationResponseJSON` or `AuthenticationResponseJSON`. */
function answered(credential: PublicKeyCredential): string {
  const { response } = credential;
  const own: Record<string, string> = { clientDataJSON: encode(response.clientDataJSON) };
  if (response instanceof AuthenticatorAttestationResponse) {
    own["attestationObject"] = encode(response.attestationObject);
  } else if (response instanceof AuthenticatorAssertionResponse) {
    own["authenticatorData"] = encode(response.authenticatorData);
    own["signature"] = encode(response.signature);
    if (response.userHandle) own["userHandle"] = encode(response.userHandle);
  }
  const rawId = encode(credential.rawId);
  return JSON.stringify({ id: rawId, rawId, type: credential.type, response: own });
}

function begin(form: HTMLFormElement): void {
  const part = (name: string) => form.querySelector<HTMLElement>(`[data-part="${name}"]`);
  const [use, none, fault] = [part("use"), part("none"), part("fault")];
  const field = form.querySelector<HTMLInputElement>('[name="credential"]');
  if (!use || !none || !fault || !field) throw new Error("the form of the passkey is incomplete");
  use.hidden = false;
  none.hidden = true;
  use.addEventListener("click", async () => {
    fault.hidden = true;
    try {
      const credential = await (form.dataset["passkey"] === "create"
        ? create(written<ToCreate>("passkey-options"))
        : get(written<ToGet>("passkey-options")));
      field.value = answered(credential as PublicKeyCredential);
      form.submit();
    } catch (error) {
      const name = error instanceof DOMException ? error.name : "";
      fault.textContent = phrase(SENTENCES[name] ?? "failed");
      fault.hidden = false;
      use.focus();
    }
  });
}

const form = document.querySelector<HTMLFormElement>("form[data-passkey]");
if (form && "PublicKeyCredential" in window && window.isSecureContext) begin(form);
