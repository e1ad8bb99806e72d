#!/bin/sh
# Makes the certificates of the tests, as Consul would: valid for 100 years, so that they are made once and committed.
set -eu
cd "$(dirname "$0")"
domain=11111111-2222-3333-4444-555555555555.consul
now="$(mktemp -d)"
trap 'rm -rf "$now"' EXIT

key() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$1"
}

# root <name>: a certificate authority.
root() {
  key "$now/$1.key"
  openssl req -x509 -new -key "$now/$1.key" -days 36500 -subj "/CN=$1" -out "$1.pem" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign"
}

# leaf <name> <root> <names> <days>: a certificate and its key, in one file.
leaf() {
  key "$now/$1.key"
  printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\n' > "$now/ext"
  printf 'extendedKeyUsage=clientAuth,serverAuth\nsubjectAltName=critical,%s\n' "$3" >> "$now/ext"
  openssl req -new -key "$now/$1.key" -subj "/" -out "$now/csr" 2>/dev/null
  openssl x509 -req -in "$now/csr" -CA "$2.pem" -CAkey "$now/$2.key" -set_serial "0x$(openssl rand -hex 8)" \
    -days "$4" -extfile "$now/ext" -out "$now/crt" 2>/dev/null
  cat "$now/crt" "$now/$1.key" > "$1.pem"
}

uri() {
  echo "URI:spiffe://$1/ns/default/dc/dc1/svc/$2"
}

root root
root next-root
root foreign-root
leaf orders root "$(uri $domain orders)" 36500
leaf cart root "$(uri $domain cart)" 36500
leaf mail root "$(uri $domain mail)" 36500
leaf orders-next next-root "$(uri $domain orders)" 36500
leaf cart-next next-root "$(uri $domain cart)" 36500
leaf two-names root "$(uri $domain cart),$(uri $domain mail)" 36500
leaf foreign foreign-root "$(uri $domain cart)" 36500
leaf other-domain root "$(uri other.consul cart)" 36500
