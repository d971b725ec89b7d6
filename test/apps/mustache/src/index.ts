/** The examples of mustache(5) and of mustache.js's README. */
import Mustache from "mustache";

const templates: Readonly<Record<string, string>> = {
  spends: "{{title}} spends {{calc}}",
  escaped: "* {{name}}\n* {{age}}\n* {{company}}\n* {{{company}}}\n* {{&company}}",
  people: "{{#stooges}}\n<b>{{name}}</b>\n{{/stooges}}",
  nobody: "{{#repos}}<b>{{name}}</b>{{/repos}}{{^repos}}No repos :({{/repos}}",
  dotted: "* {{name.first}} {{name.last}}\n* {{#list}}{{.}},{{/list}}",
  lambda: "{{#bold}}Hi {{name}}.{{/bold}}",
  partial: "<h2>Names</h2>\n{{#names}}\n  {{> user}}\n{{/names}}",
};

export default {
  async fetch(request: Request): Promise<Response> {
    const name = new URL(request.url).pathname.slice(1);
    const template = templates[name];
    if (template === undefined) return new Response(null, { status: 404 });
    const data = (await request.json()) as Record<string, unknown>;
    const view = {
      ...data,
      calc: () => 2 + 4,
      bold: () => (text: string, render: (text: string) => string) => `<b>${render(text)}</b>`,
    };
    return new Response(Mustache.render(template, view, { user: "<strong>{{name}}</strong>\n" }), {
      headers: { "content-type": "text/html" },
    });
  },
};
