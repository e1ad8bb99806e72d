// Package redact makes URLs fit for logs and errors.
package redact

import "net/url"

// URL is a URL without its password and query. What is no URL becomes "<invalid URL>", as it may hold a secret anywhere.
func URL(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Hostname() == "" {
		return "<invalid URL>"
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host}
	if u.Path != "/" {
		shown.Path = u.Path
	}
	if name := u.User.Username(); name != "" {
		shown.User = url.User(name)
	}
	return shown.String()
}
