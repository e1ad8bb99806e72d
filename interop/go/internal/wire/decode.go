package wire

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// DecodeValue is what a header says. A % that is none of an encoding stays, and so does a value that would not be UTF-8.
func DecodeValue(value string) string {
	if !strings.Contains(value, "%") {
		return value
	}
	decoded := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		if value[i] == '%' && i+2 < len(value) {
			if b, err := hex.DecodeString(value[i+1 : i+3]); err == nil {
				decoded = append(decoded, b[0])
				i += 2
				continue
			}
		}
		decoded = append(decoded, value[i])
	}
	if !utf8.Valid(decoded) {
		return value
	}
	return string(decoded)
}

// DecodeHeaders are all headers by their names in lower case, decoded. Of one that is there twice the first counts.
func DecodeHeaders(headers map[string][]string) map[string]string {
	decoded := make(map[string]string, len(headers))
	for name, values := range headers {
		if len(values) > 0 {
			decoded[strings.ToLower(name)] = DecodeValue(values[0])
		}
	}
	return decoded
}

// IsReserved says whether a header is not the user's to set.
func IsReserved(name string) bool {
	name = strings.ToLower(name)
	for _, prefix := range []string{"ce-", "nats-", "samspel-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == "content-type"
}
