// Stands before every bundle of the corpus, here and in the SDK's harness: chance and time are the same in both.
(function () {
  let seed = 42;
  Math.random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const Real = globalThis.__Date ?? Date;
  const now = 1750000000000;
  class Fixed extends Real {
    constructor(...given) {
      super(...(given.length ? given : [now]));
    }
    static now() {
      return now;
    }
  }
  globalThis.Date = Fixed;
  Object.defineProperty(globalThis, '__Date', {value: Real, writable: true, configurable: true, enumerable: false});
})();
