/** What nginx is told when it is to cache one origin: keep what may be kept, reuse connections, and pass `/pass/` through. */

/** For `http`. */
export function cacheZone(originPort: number): string {
  return `  proxy_cache_path \${folder}/cache keys_zone=main:16m max_size=1g inactive=1h use_temp_path=off;
  open_file_cache max=1000 inactive=60s;
  upstream origin { server 127.0.0.1:${originPort}; keepalive 256; keepalive_requests 100000000; }`;
}

const pass = `      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;`;

/** For `server`. `extra`: more lines for what is cached. */
export function cachedLocations(extra = ""): string {
  return `    # What is never cached must not wait for the lock of what may be.
    location /pass/ {
${pass}
    }
    location / {
${pass}
      proxy_cache main;
      proxy_cache_lock on;
      add_header X-Cache $upstream_cache_status;
${extra}
    }`;
}
