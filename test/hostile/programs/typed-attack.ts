// attack: a program in TypeScript: enums of types, decorators of nothing, and a loop behind them
type Deep<T, N extends number, A extends unknown[] = []> = A["length"] extends N ? T : Deep<[T, T], N, [...A, 0]>;
interface Env {
  readonly [name: string]: Deep<string, 40>;
}
enum Way {
  Spin = 1,
  Throw,
}

export default {
  fetch(request: Request, _env: Env): Response {
    const way: Way = request.url.endsWith("1") ? Way.Throw : Way.Spin;
    if (way === Way.Throw) throw { way } satisfies { way: Way };
    for (;;);
  },
};
