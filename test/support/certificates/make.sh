#!/bin/sh
# Makes the certificates of this folder anew: `sh make.sh`, with openssl 3. README.md says what each is for.
set -eu
cd "$(dirname "$0")"
rm -f ./*.pem
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
FROM=20200101000000Z
UNTIL=21200101000000Z

ec() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1"; }
rsa() { openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:$2" -out "$1" 2>/dev/null; }

: > "$work/index.txt"
echo unique_subject=no > "$work/index.txt.attr"
cat > "$work/ca.conf" <<CONF
[ca]
default_ca = it
[it]
database = $work/index.txt
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
CONF

# sign NAME SUBJECT ISSUER EXTENSIONS [FROM UNTIL]
sign() {
  printf '%s\n' "$4" > "$work/$1.ext"
  openssl req -new -key "$1-key.pem" -subj "/CN=$2" -out "$work/$1.csr"
  if [ "$3" = self ]; then by="-selfsign -keyfile $1-key.pem"; else by="-cert $3.pem -keyfile $3-key.pem"; fi
  # shellcheck disable=SC2086
  openssl ca -batch -notext -config "$work/ca.conf" $by -in "$work/$1.csr" -extfile "$work/$1.ext" \
    -startdate "${5:-$FROM}" -enddate "${6:-$UNTIL}" -out "$1.pem" 2>/dev/null
}
authority="basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash"
leaf() {
  printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=%s' "$1"
}

ec ca-key.pem && sign ca "Selvage test root" self "$authority"
ec intermediate-key.pem && sign intermediate "Selvage test intermediate" ca "$authority"
ec www-key.pem && sign www www.example.com intermediate "$(leaf DNS:www.example.com,DNS:example.com)"
ec wildcard-key.pem && sign wildcard "*.example.com" intermediate "$(leaf 'DNS:*.example.com')"
rsa rsa-key.pem 2048 && sign rsa rsa.example.org ca "$(leaf DNS:rsa.example.org)"
rsa weak-key.pem 1024 && sign weak weak.example.org ca "$(leaf DNS:weak.example.org)"
ec expired-key.pem && sign expired www.example.com intermediate "$(leaf DNS:www.example.com)" 20200101000000Z 20210101000000Z
ec renewed-key.pem && sign renewed www.example.com intermediate "$(leaf DNS:www.example.com)" 20240101000000Z 21200101000000Z
ec origin-key.pem && sign origin origin.test ca "$(leaf DNS:origin.test,DNS:localhost,IP:127.0.0.1,IP:::1)"
ec stranger-key.pem && sign stranger origin.test self "$(leaf DNS:origin.test,DNS:localhost,IP:127.0.0.1)"
for name in www wildcard expired renewed; do cat intermediate.pem >> "$name.pem"; done
