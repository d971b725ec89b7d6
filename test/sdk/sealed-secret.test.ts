import { createCipheriv, hkdfSync, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openSecrets, sealedCharsMax, sealSecrets } from "../../sdk/sealed-secret.ts";

const token = "slv_node_token";
const secrets = { API_KEY: "k-äöü-😀", EMPTY: "" };

function messageOf(sealed: string, nodeToken: string = token): string {
  const opened = openSecrets(sealed, nodeToken);
  return opened.ok ? "opened" : opened.problems.map(({ message }) => message).join("\n");
}

/** A text with a valid tag around any content. */
function sealText(text: string): string {
  const salt = randomBytes(32);
  const nonce = randomBytes(12);
  const key = Buffer.from(hkdfSync("sha256", token, salt, "selvage sealed secrets 1", 32));
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(Buffer.from("sealed1"));
  const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return ["sealed1", ...[salt, nonce, body].map((part) => part.toString("base64url"))].join(".");
}

describe("sealSecrets() and openSecrets()", () => {
  it("give back what was sealed", () => {
    const opened = openSecrets(sealSecrets(secrets, token), token);
    expect(opened.ok && { ...opened.value }).toEqual(secrets);
  });

  it("give back no secrets when none were sealed", () => {
    const opened = openSecrets(sealSecrets({}, token), token);
    expect(opened.ok && Object.keys(opened.value)).toEqual([]);
  });

  it("never give one text twice", () => {
    expect(sealSecrets(secrets, token)).not.toBe(sealSecrets(secrets, token));
  });

  it("keep names and values out of the text", () => {
    const sealed = sealSecrets({ API_KEY: "hunter2hunter2" }, token);
    const bytes = sealed.split(".").map((part) => Buffer.from(part, "base64url").toString("latin1"));
    expect(bytes.join()).not.toMatch(/API_KEY|hunter2/);
  });

  it("treat __proto__ as a name like any other", () => {
    const opened = openSecrets(sealText('{"__proto__":"x"}'), token);
    expect(opened.ok && Object.entries(opened.value)).toEqual([["__proto__", "x"]]);
    expect(Object.prototype).not.toHaveProperty("x");
  });
});

describe("openSecrets() refuses", () => {
  it("another token", () => {
    expect(messageOf(sealSecrets(secrets, token), "slv_other")).toBe("was changed, or sealed for another token");
  });

  it("every text in which one character was changed", () => {
    const sealed = sealSecrets(secrets, token);
    const opened = Array.from(sealed, (character, index) => {
      const other = character === "A" ? "B" : "A";
      return messageOf(sealed.slice(0, index) + other + sealed.slice(index + 1));
    }).filter((message) => message === "opened");
    expect(opened).toEqual([]);
  });

  it.each([
    ["nothing", ""],
    ["another form", sealSecrets(secrets, token).replace("sealed1", "sealed2")],
    ["a missing part", sealSecrets(secrets, token).split(".").slice(0, 3).join(".")],
    ["one part too many", `${sealSecrets(secrets, token)}.AA`],
    ["padding", `${sealSecrets(secrets, token)}=`],
    ["a cut body", sealSecrets(secrets, token).slice(0, -2)],
    ["a body shorter than its tag", [...sealSecrets(secrets, token).split(".").slice(0, 3), "AAAA"].join(".")],
    ["a text that is too long", "A".repeat(sealedCharsMax + 1)],
    ["a list", sealText('["a"]')],
    ["null", sealText("null")],
    ["what is not JSON", sealText("{")],
    ["a value that is not a string", sealText('{"A":1}')],
  ])("%s", (_, sealed) => {
    expect(messageOf(sealed)).toMatch(/^(is not|was changed|received|does not|holds)/);
  });

  it("without quoting what it received", () => {
    expect(messageOf("very-secret.text")).not.toContain("very-secret");
  });
});
