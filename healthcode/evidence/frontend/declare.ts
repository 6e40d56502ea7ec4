/**
 * The declaration form: some questions belong to a "yes" and count only with it.
 *
 * The style sheet hides questions that do not apply. This script also disables them, because the
 * browser silently refuses to send a form with a hidden required field.
 */

const FOLLOW: Record<string, string> = { unwell: ".when-unwell", elsewhere: ".when-elsewhere" };

const form = document.querySelector<HTMLFormElement>("form.declaration");

function follow(): void {
  for (const [question, selector] of Object.entries(FOLLOW)) {
    const yes = form?.querySelector<HTMLInputElement>(`[name="${question}"][value="yes"]`);
    const rest = form?.querySelector<HTMLFieldSetElement>(selector);
    if (yes && rest) {
      rest.disabled = !yes.checked;
    }
  }
}

form?.addEventListener("change", follow);
follow();
