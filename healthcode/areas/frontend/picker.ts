/**
 * <area-picker>: turn the plain field of areas/_picker.html into selects for province, city, county
 * and township.
 *
 * The hidden field gets a code once the choice is complete: a county or township, or a division
 * with nothing below it. If the lists cannot be loaded, the plain link stays.
 */

interface Division {
  code: string;
  name: string;
}

/** Digits of a code of a province, city, county and township; `data-words` has the same order. */
const DIGITS = [2, 4, 6, 9];
const COUNTY = 6;
const ABROAD = "00";

const loaded = new Map<string, Promise<Division[]>>();

function load(url: string): Promise<Division[]> {
  let divisions = loaded.get(url);
  if (!divisions) {
    divisions = fetch(url).then((response) => {
      if (!response.ok) {
        throw new Error(`areas: ${response.status}`);
      }
      return response.json() as Promise<Division[]>;
    });
    loaded.set(url, divisions);
    // After a failure, forget the promise so that the list can be loaded again.
    divisions.catch(() => loaded.delete(url));
  }
  return divisions;
}

class AreaPicker extends HTMLElement {
  private readonly selects = document.createElement("div");
  private choices = 0;

  connectedCallback(): void {
    this.selects.className = "choices";
    this.selects.replaceChildren();
    this.field.after(this.selects);
    const code = this.field.value || (this.dataset["start"] ?? "");
    void this.restore(code);
  }

  private get field(): HTMLInputElement {
    return this.querySelector("input[type=hidden]") as HTMLInputElement;
  }

  private async restore(code: string): Promise<void> {
    let parent: string | undefined = "";
    while (parent !== undefined) {
      const divisions: Division[] | null = await this.below(parent);
      if (!divisions?.length) {
        return;
      }
      const box = this.grow(divisions, parent, "required" in this.dataset);
      // Select the chosen division or the one that contains it. A level may be missing: Shanghai
      // has no cities.
      parent = divisions.find((division) => code.startsWith(division.code))?.code;
      box.value = parent ?? "";
    }
  }

  private async choose(box: HTMLSelectElement, above: string): Promise<void> {
    const label = box.parentElement;
    while (label?.nextElementSibling) {
      label.nextElementSibling.remove();
    }
    const code = box.value || above;
    this.keep(code.length >= COUNTY ? code : "");
    const divisions = box.value ? await this.below(code) : null;
    if (divisions?.length) {
      // Once a province is chosen, a choice down to the county is required.
      this.grow(divisions, code, true);
    } else if (divisions) {
      this.keep(code);
    }
  }

  private keep(code: string): void {
    this.field.value = code;
    this.field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** Load the divisions below `parent`; null if that failed or another choice came meanwhile. */
  private async below(parent: string): Promise<Division[] | null> {
    this.choices += 1;
    const choice = this.choices;
    try {
      const divisions = parent === ABROAD ? [] : await load(`${this.dataset["options"]}?parent=${parent}`);
      this.plain.hidden = true;
      return choice === this.choices ? this.withAbroad(divisions, parent) : null;
    } catch {
      this.sayFailed();
      return null;
    }
  }

  private withAbroad(divisions: Division[], parent: string): Division[] {
    const name = this.dataset["abroad"];
    return parent === "" && name ? [...divisions, { code: ABROAD, name }] : divisions;
  }

  private grow(divisions: Division[], above: string, required: boolean): HTMLSelectElement {
    const box = document.createElement("select");
    box.append(new Option(this.dataset["none"] ?? "", ""));
    box.append(...divisions.map(({ code, name }) => new Option(name, code)));
    const digits = divisions[0]?.code.length ?? COUNTY;
    box.required = required && digits <= COUNTY;
    box.addEventListener("change", () => void this.choose(box, above));
    const label = document.createElement("label");
    label.append(this.dataset["words"]?.split("|")[DIGITS.indexOf(digits)] ?? "", box);
    this.selects.append(label);
    return box;
  }

  private get plain(): HTMLElement {
    return this.querySelector("[data-plain]") as HTMLElement;
  }

  private sayFailed(): void {
    this.plain.hidden = false;
    if (!this.plain.querySelector("span")) {
      const sentence = document.createElement("span");
      sentence.textContent = `${this.dataset["failed"] ?? ""} `;
      this.plain.prepend(sentence);
    }
  }
}

customElements.define("area-picker", AreaPicker);
