// URL and URLSearchParams as https://url.spec.whatwg.org has them, for packs that ask for the web's own names.
(function () {
  'use strict';
  const PORTS = {'http:': '80', 'https:': '443', 'ws:': '80', 'wss:': '443', 'ftp:': '21', 'file:': ''};
  const CONTROL = '';
  const FRAGMENT = ' "<>`';
  const QUERY = ' "#<>';
  const PATH = `${QUERY}?^\`{}`;
  const USERINFO = `${PATH}/:;=@[\\]|`;
  const FORBIDDEN_HOST = /[\0\t\n\r #/:<>?@[\\\]^|]/;
  const FORBIDDEN_DOMAIN = /[\0-\x20"#%/:<>?@[\\\]^`{|}\x7f]/;
  const isSpecial = scheme => Object.hasOwn(PORTS, scheme);
  const isDrive = text => /^[a-zA-Z][:|]$/.test(text);
  const startsWithDrive = text => /^[a-zA-Z][:|]([/\\?#]|$)/.test(text);

  // ---- bytes and percents

  function encoded(text, set) {
    let made = '';
    for (const sign of text.toWellFormed()) {
      const point = sign.codePointAt(0);
      made += point > 0x7e ? encodeURIComponent(sign) : point < 0x20 || set.includes(sign) ? percent(point) : sign;
    }
    return made.replaceAll('\x7f', '%7F');
  }

  function percent(byte) {
    return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }

  // Bytes that are no UTF-8 become U+FFFD.
  function decoded(text) {
    return text.replace(/(%[0-9a-f]{2})+/gi, run => new TextDecoder().decode(Uint8Array.from(run.slice(1).split('%'), pair => parseInt(pair, 16))));
  }

  // ---- hosts

  function hostOf(text, special) {
    if (text.startsWith('[')) return text.endsWith(']') ? `[${ipv6(text.slice(1, -1))}]` : fail();
    if (!special) return FORBIDDEN_HOST.test(text) ? fail() : encoded(text, CONTROL);
    const domain = ascii(decoded(text));
    if (domain === '' || FORBIDDEN_DOMAIN.test(domain)) fail();
    const labels = domain.split('.');
    if (labels.at(-1) === '' && labels.length > 1) labels.pop();
    return /^(\d+|0x[0-9a-f]*)$/i.test(labels.at(-1)) ? ipv4(labels) : domain;
  }

  function ascii(domain) {
    const plain = domain.normalize('NFKC').toLowerCase().normalize('NFC').replace(/[\u00ad\u200b\u2060\ufeff]/g, '');
    return plain.replace(/[\u3002\uff0e\uff61]/g, '.').split('.').map(label => (/^[\0-\x7f]*$/.test(label) ? label : `xn--${punycode(label)}`)).join('.');
  }

  // RFC 3492, 6.3
  function punycode(label) {
    const points = [...label].map(sign => sign.codePointAt(0));
    let made = [...label].filter(sign => sign < '\x80').join('');
    const basic = made.length;
    let [point, delta, bias, handled] = [128, 0, 72, basic];
    if (basic) made += '-';
    while (handled < points.length) {
      const next = Math.min(...points.filter(each => each >= point));
      delta += (next - point) * (handled + 1);
      point = next;
      for (const each of points) {
        if (each < point) delta++;
        if (each !== point) continue;
        made += variable(delta, bias);
        bias = adapted(delta, handled + 1, handled === basic);
        delta = 0;
        handled++;
      }
      delta++;
      point++;
    }
    return made;
  }

  function variable(delta, bias) {
    const digit = value => String.fromCharCode(value < 26 ? value + 97 : value + 22);
    let made = '';
    for (let rest = delta, at = 36; ; at += 36) {
      const least = Math.min(26, Math.max(1, at - bias));
      if (rest < least) return made + digit(rest);
      made += digit(least + ((rest - least) % (36 - least)));
      rest = Math.floor((rest - least) / (36 - least));
    }
  }

  function adapted(delta, count, first) {
    let rest = first ? Math.floor(delta / 700) : delta >> 1;
    rest += Math.floor(rest / count);
    let bias = 0;
    for (; rest > 455; bias += 36) rest = Math.floor(rest / 35);
    return bias + Math.floor((36 * rest) / (rest + 38));
  }

  function ipv4(labels) {
    if (labels.length > 4) fail();
    const numbers = labels.map(number);
    const last = numbers.pop();
    if (numbers.some(each => each > 255) || last >= 256 ** (4 - numbers.length)) fail();
    const whole = numbers.reduce((sum, each, at) => sum + each * 256 ** (3 - at), last);
    return [24, 16, 8, 0].map(shift => Math.floor(whole / 2 ** shift) % 256).join('.');
  }

  function number(text) {
    if (/^0x[0-9a-f]*$/i.test(text)) return parseInt(text.slice(2) || '0', 16);
    if (/^0[0-7]*$/.test(text)) return parseInt(text, 8);
    return /^[1-9]\d*$/.test(text) ? Number(text) : fail();
  }

  function ipv6(text) {
    const tail = /(^|:)(\d+(?:\.\d+){3})$/.exec(text);
    let pieces = text;
    if (tail) {
      const bytes = tail[2].split('.').map(each => (/^(0|[1-9]\d{0,2})$/.test(each) && each < 256 ? Number(each) : fail()));
      pieces = `${text.slice(0, -tail[2].length)}${((bytes[0] << 8) | bytes[1]).toString(16)}:${((bytes[2] << 8) | bytes[3]).toString(16)}`;
    }
    const halves = pieces.split('::');
    const read = half => (half === '' ? [] : half.split(':').map(each => (/^[0-9a-f]{1,4}$/i.test(each) ? parseInt(each, 16) : fail())));
    const [head, rest = []] = halves.map(read);
    const missing = 8 - head.length - rest.length;
    if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) fail();
    return compressed([...head, ...Array(missing).fill(0), ...rest]);
  }

  function compressed(pieces) {
    const text = pieces.map(each => each.toString(16)).join(':');
    const runs = [...text.matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)].sort((one, other) => other[0].length - one[0].length);
    if (!runs.length) return text;
    const {0: run, index} = runs[0];
    return `${text.slice(0, Math.max(0, index - 1))}::${text.slice(index + run.length + 1)}`;
  }

  // ---- the parser: what stands before '#', before '?', before the path, from the right to the left

  function fail() {
    throw new TypeError('Invalid URL');
  }

  function parse(given, base) {
    const input = given.toWellFormed().replace(/^[\0-\x20]+|[\0-\x20]+$/g, '').replace(/[\t\n\r]/g, '');
    const [, before, hash] = /^([^#]*)(?:#(.*))?$/s.exec(input);
    const [, front, search] = /^([^?]*)(?:\?(.*))?$/s.exec(before);
    const scheme = /^([a-z][a-z0-9+.-]*:)(.*)$/is.exec(front);
    const url = {scheme: '', username: '', password: '', host: null, port: '', path: [], query: search ?? null, hash: null};
    if (scheme) withScheme(url, scheme[1].toLowerCase(), scheme[2], base);
    else relative(url, front, base ?? fail(), hash);
    if (url.query !== null && search !== undefined) url.query = encoded(search, isSpecial(url.scheme) ? `${QUERY}'` : QUERY);
    if (hash !== undefined) url.hash = encoded(hash, FRAGMENT);
    return url;
  }

  function withScheme(url, scheme, rest, base) {
    url.scheme = scheme;
    const same = base?.scheme === scheme;
    if (scheme === 'file:') file(url, rest, same ? base : null);
    else if (isSpecial(scheme) && same && !/^[/\\]{2}/.test(rest) && !/^\/\\/.test(rest)) relative(url, rest, base);
    else if (isSpecial(scheme)) authority(url, rest.replace(/^[/\\]+/, ''));
    else if (rest.startsWith('//')) authority(url, rest.slice(2));
    else if (rest.startsWith('/')) walk(url, rest);
    else url.path = encoded(rest, CONTROL);
  }

  function relative(url, rest, base, hash) {
    url.scheme = base.scheme;
    if (typeof base.path === 'string') {
      if (rest !== '' || url.query !== null || hash === undefined) fail();
      return void Object.assign(url, {path: base.path, query: base.query});
    }
    if (base.scheme === 'file:') return file(url, rest, base);
    const slash = isSpecial(url.scheme) ? /^[/\\]/ : /^\//;
    const twice = isSpecial(url.scheme) ? /^[/\\]{2}/ : /^\/\//;
    if (twice.test(rest)) return authority(url, isSpecial(url.scheme) ? rest.replace(/^[/\\]+/, '') : rest.slice(2));
    const {username, password, host, port, path, query} = base;
    Object.assign(url, {username, password, host, port});
    if (rest === '') return void Object.assign(url, {path: [...path], query: url.query ?? query});
    if (!slash.test(rest)) url.path = path.slice(0, -1);
    walk(url, rest);
  }

  function authority(url, rest) {
    const end = rest.search(isSpecial(url.scheme) ? /[/\\]/ : /\//);
    const [front, path] = end < 0 ? [rest, ''] : [rest.slice(0, end), rest.slice(end)];
    const at = front.lastIndexOf('@');
    if (at >= 0) {
      const [, name, password] = /^([^:]*)(?::(.*))?$/s.exec(front.slice(0, at));
      Object.assign(url, {username: encoded(name, USERINFO), password: encoded(password ?? '', USERINFO)});
    }
    const [, host, port] = /^(\[[^\]]*\]|[^:[]*)(?::(.*))?$/s.exec(front.slice(at + 1)) ?? fail();
    if (host === '' && (isSpecial(url.scheme) || at >= 0 || port !== undefined)) fail();
    url.host = host === '' ? '' : hostOf(host, isSpecial(url.scheme));
    url.port = portOf(port ?? '', url.scheme);
    walk(url, path);
  }

  function portOf(text, scheme) {
    if (!/^\d*$/.test(text) || Number(text) > 65535) fail();
    return text === '' || PORTS[scheme] === String(Number(text)) ? '' : String(Number(text));
  }

  function file(url, rest, base) {
    url.host = '';
    if (/^[/\\]{2}/.test(rest)) {
      const [, host, path] = /^([^/\\]*)(.*)$/s.exec(rest.slice(2));
      if (isDrive(host)) return walk(url, `/${host}${path}`);
      const found = host === '' ? '' : hostOf(host, true);
      url.host = found === 'localhost' ? '' : found;
      return walk(url, path);
    }
    if (/^[/\\]/.test(rest)) {
      if (base) url.host = base.host;
      if (base && !startsWithDrive(rest.slice(1)) && /^[a-zA-Z]:$/.test(base.path[0] ?? '')) url.path = [base.path[0]];
    } else if (base) {
      url.host = base.host;
      if (rest === '') return void Object.assign(url, {path: [...base.path], query: url.query ?? base.query});
      url.path = startsWithDrive(rest) ? [] : [...base.path];
      if (!startsWithDrive(rest)) shorten(url);
    }
    walk(url, rest);
  }

  function shorten(url) {
    if (!(url.scheme === 'file:' && url.path.length === 1 && /^[a-zA-Z]:$/.test(url.path[0]))) url.path.pop();
  }

  function walk(url, text) {
    const special = isSpecial(url.scheme);
    if (text === '' && !special) return;
    const parts = text.replace(special ? /^[/\\]/ : /^\//, '').split(special ? /[/\\]/ : '/');
    parts.forEach((part, at) => step(url, part, at === parts.length - 1));
  }

  function step(url, part, last) {
    const plain = part.replace(/%2e/gi, '.');
    if (plain === '..') shorten(url);
    if (plain === '..' || plain === '.') return void (last && url.path.push(''));
    if (url.scheme === 'file:' && url.path.length === 0 && isDrive(part)) url.path.push(`${part[0]}:`);
    else url.path.push(encoded(part, PATH));
  }

  function pathname({path}) {
    return typeof path === 'string' ? path : path.map(each => `/${each}`).join('');
  }

  function href(url, withHash = true) {
    const {scheme, username, password, host, port, path, query, hash} = url;
    const user = username || password ? `${username}${password ? `:${password}` : ''}@` : '';
    const dot = host === null && typeof path !== 'string' && path.length > 1 && path[0] === '' ? '/.' : '';
    const front = host === null ? dot : `//${user}${host}${port && `:${port}`}`;
    return `${scheme}${front}${pathname(url)}${query === null ? '' : `?${query}`}${hash === null || !withHash ? '' : `#${hash}`}`;
  }

  // ---- what packs see

  const pairsOf = text => text.split('&').filter(Boolean).map(pair => {
    const [, name, value = ''] = /^([^=]*)=?(.*)$/s.exec(pair.replaceAll('+', ' '));
    return [decoded(name), decoded(value)];
  }); // prettier-ignore
  const form = text => encodeURIComponent(text.toWellFormed()).replace(/[!'()~]/g, sign => percent(sign.charCodeAt(0))).replaceAll('%20', '+');

  class URLSearchParams {
    #pairs = [];
    #changed = () => {};

    constructor(init = '') {
      if (typeof init === 'object' && init !== null) this.#pairs = this.#read(init);
      else this.#pairs = pairsOf(String(init).replace(/^\?/, ''));
    }

    static of(text, changed) {
      const made = new URLSearchParams(text);
      made.#changed = changed;
      return made;
    }

    #read(init) {
      const entries = init[Symbol.iterator] ? [...init].map(pair => [...pair]) : Object.entries(init);
      if (entries.some(pair => pair.length !== 2)) throw new TypeError('Each pair needs a name and a value.');
      return entries.map(([name, value]) => [String(name).toWellFormed(), String(value).toWellFormed()]);
    }

    #keep(pairs) {
      this.#pairs = pairs;
      this.#changed(String(this));
    }

    get size() {
      return this.#pairs.length;
    }

    append(name, value) {
      this.#keep([...this.#pairs, [String(name).toWellFormed(), String(value).toWellFormed()]]);
    }

    delete(name, value) {
      this.#keep(this.#pairs.filter(pair => pair[0] !== String(name) || (value !== undefined && pair[1] !== String(value))));
    }

    get(name) {
      return this.#pairs.find(pair => pair[0] === String(name))?.[1] ?? null;
    }

    getAll(name) {
      return this.#pairs.filter(pair => pair[0] === String(name)).map(pair => pair[1]);
    }

    has(name, value) {
      return this.#pairs.some(pair => pair[0] === String(name) && (value === undefined || pair[1] === String(value)));
    }

    set(name, value) {
      const first = this.#pairs.findIndex(pair => pair[0] === String(name));
      if (first < 0) return this.append(name, value);
      const others = this.#pairs.filter((pair, at) => at <= first || pair[0] !== String(name));
      this.#keep(others.with(first, [String(name), String(value).toWellFormed()]));
    }

    sort() {
      this.#keep(this.#pairs.toSorted(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)));
    }

    forEach(work, self) {
      for (const [name, value] of this) work.call(self, value, name, this);
    }

    *entries() {
      for (let at = 0; at < this.#pairs.length; at++) yield [...this.#pairs[at]];
    }

    *keys() {
      for (const [name] of this) yield name;
    }

    *values() {
      for (const [, value] of this) yield value;
    }

    [Symbol.iterator]() {
      return this.entries();
    }

    toString() {
      return this.#pairs.map(([name, value]) => `${form(name)}=${form(value)}`).join('&');
    }
  }

  class URL {
    #url;
    #params;

    constructor(url, base) {
      this.#url = parse(String(url), base === undefined ? null : parse(String(base), null));
      this.#watch();
    }

    static canParse(url, base) {
      try {
        return Boolean(new URL(url, base));
      } catch (_) {
        return false;
      }
    }

    static parse(url, base) {
      return URL.canParse(url, base) ? new URL(url, base) : null;
    }

    #watch() {
      this.#params = URLSearchParams.of(this.#url.query ?? '', text => (this.#url.query = text || null));
    }

    // A setter that is given nonsense leaves everything as it is.
    #try(change) {
      const kept = {...this.#url, path: this.#url.path};
      try {
        change(this.#url);
      } catch (_) {
        this.#url = kept;
      }
    }

    get href() {
      return href(this.#url);
    }

    set href(text) {
      this.#url = parse(String(text), null);
      this.#watch();
    }

    get origin() {
      const {scheme, host, port, path} = this.#url;
      if (scheme === 'blob:' && URL.canParse(pathname({path}))) return /^https?:/.test(pathname({path})) ? new URL(pathname({path})).origin : 'null';
      return isSpecial(scheme) && scheme !== 'file:' ? `${scheme}//${host}${port && `:${port}`}` : 'null';
    }

    get protocol() {
      return this.#url.scheme;
    }

    set protocol(text) {
      const found = /^([a-z][a-z0-9+.-]*)(:|$)/i.exec(String(text));
      const scheme = found && `${found[1].toLowerCase()}:`;
      const {scheme: old, host, port, username} = this.#url;
      if (!scheme || isSpecial(scheme) !== isSpecial(old) || (old === 'file:' && !host)) return;
      if (scheme === 'file:' && (username || port)) return;
      Object.assign(this.#url, {scheme, port: port === PORTS[scheme] ? '' : port});
    }

    #named() {
      return Boolean(this.#url.host) && this.#url.scheme !== 'file:';
    }

    get username() {
      return this.#url.username;
    }

    set username(text) {
      if (this.#named()) this.#url.username = encoded(String(text), USERINFO);
    }

    get password() {
      return this.#url.password;
    }

    set password(text) {
      if (this.#named()) this.#url.password = encoded(String(text), USERINFO);
    }

    get host() {
      return `${this.#url.host ?? ''}${this.#url.port && `:${this.#url.port}`}`;
    }

    set host(text) {
      const [, name, port] = /^(\[[^\]]*\]|[^:/?#\\]*)(?::(\d*))?/.exec(String(text));
      this.hostname = name;
      if (port) this.port = port;
    }

    get hostname() {
      return this.#url.host ?? '';
    }

    set hostname(text) {
      const special = isSpecial(this.#url.scheme);
      const [, raw, after] = /^(\[[^\]]*\]|[^:/?#]*)(.?)/s.exec(String(text));
      const name = special ? raw.split('\\')[0] : raw;
      if (after === ':' || typeof this.#url.path === 'string' || (name === '' && special && this.#url.scheme !== 'file:')) return;
      this.#try(url => (url.host = name === '' ? '' : hostOf(name, special)));
    }

    get port() {
      return this.#url.port;
    }

    set port(text) {
      const digits = /^\d*/.exec(String(text).replace(/[\t\n\r]/g, ''))[0];
      if (this.#named() && (digits || text === '')) this.#try(url => (url.port = portOf(digits, url.scheme)));
    }

    get pathname() {
      return pathname(this.#url);
    }

    set pathname(text) {
      if (typeof this.#url.path === 'string') return;
      this.#url.path = [];
      walk(this.#url, String(text).toWellFormed().replace(/[\t\n\r]/g, ''));
    }

    get search() {
      return this.#url.query ? `?${this.#url.query}` : '';
    }

    set search(text) {
      const query = String(text).replace(/^\?/, '').replace(/[\t\n\r]/g, '');
      this.#url.query = text === '' ? null : encoded(query, isSpecial(this.#url.scheme) ? `${QUERY}'` : QUERY);
      this.#watch();
    }

    get searchParams() {
      return this.#params;
    }

    get hash() {
      return this.#url.hash ? `#${this.#url.hash}` : '';
    }

    set hash(text) {
      this.#url.hash = text === '' ? null : encoded(String(text).replace(/^#/, '').replace(/[\t\n\r]/g, ''), FRAGMENT);
    }

    toString() {
      return this.href;
    }

    toJSON() {
      return this.href;
    }
  }

  for (const [name, value] of Object.entries({URL, URLSearchParams})) {
    Object.defineProperty(globalThis, name, {value, writable: true, configurable: true});
  }
})();
