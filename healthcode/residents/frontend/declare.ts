/**
 * The declaration form: a question that follows from an answer counts only with that answer.
 *
 * The sheet hides what does not apply; this keeps the browser from asking for it, since a hidden
 * field that is required would stop the form without a word.
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
