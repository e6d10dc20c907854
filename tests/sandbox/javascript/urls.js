// What a table of addresses becomes: run here and in node. ``urls``, ``setters`` and ``searches`` are put before it.
const PARTS = 'href origin protocol username password host hostname port pathname search hash'.split(' ');

function look([address, base]) {
  try {
    const url = base === null ? new URL(address) : new URL(address, base);
    return [...PARTS.map(name => url[name]), String(url.searchParams)];
  } catch (error) {
    return error.name;
  }
}

function set([name, value]) {
  const url = new URL('https://u:p@example.com:8443/a/b?c=1#d');
  url[name] = value;
  return url.href;
}

function search(text) {
  const it = new URLSearchParams(text);
  const seen = [it.toString(), it.size, [...it], it.getAll('a'), it.has('a', '1')];
  it.append('z', 'ü &');
  it.set('a', 'new');
  it.delete('b');
  it.sort();
  return [...seen, it.toString()];
}

return JSON.stringify([urls.map(look), setters.map(set), searches.map(search)]);
