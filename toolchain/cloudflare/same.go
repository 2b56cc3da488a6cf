package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
)

// sameName treats `@`, a relative name and the whole name as equal, in any case. Only where the
// texts differ is the zone asked for its name.
func (c Config) sameName(ctx context.Context, zoneID, written, returned string) bool {
	first, second := plainName(written), plainName(returned)
	if first == second {
		return true
	}
	if !mayBeSame(first, second) && !mayBeSame(second, first) {
		return false
	}
	zone := plainName(c.names.of(ctx, c, zoneID))
	if zone == "" {
		return true // the token may not read the zone: then the shape of the names must do
	}
	return wholeName(first, zone) == wholeName(second, zone)
}

func plainName(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

func mayBeSame(short, long string) bool {
	return short == "@" || strings.HasPrefix(long, short+".")
}

func wholeName(name, zone string) string {
	switch {
	case name == "@" || name == "":
		return zone
	case name == zone || strings.HasSuffix(name, "."+zone):
		return name
	default:
		return name + "." + zone
	}
}

// sameContent knows what the API does to a content that means the same.
func sameContent(kind, written, returned string) bool {
	if written == returned {
		return true
	}
	switch strings.ToUpper(kind) {
	case "A", "AAAA":
		first, err := netip.ParseAddr(written)
		second, other := netip.ParseAddr(returned)
		return err == nil && other == nil && first == second
	case "CNAME", "MX", "NS", "PTR":
		return plainName(written) == plainName(returned)
	case "TXT":
		return joinedText(written) == joinedText(returned)
	default:
		return false
	}
}

// joinedText is what a TXT record says: quoted strings are one text, whatever their number.
func joinedText(content string) string {
	trimmed := strings.TrimSpace(content)
	if len(trimmed) < 2 || !strings.HasPrefix(trimmed, `"`) || !strings.HasSuffix(trimmed, `"`) {
		return content
	}
	var text strings.Builder
	inside := false
	for i := 0; i < len(trimmed); i++ {
		switch each := trimmed[i]; {
		case each == '\\' && inside && i+1 < len(trimmed):
			i++
			text.WriteByte(trimmed[i])
		case each == '"':
			inside = !inside
		case inside:
			text.WriteByte(each)
		}
	}
	return text.String()
}

// sameParts compares only what was written: the API may add more. It also answers numbers for
// texts (a CAA record's flags).
func sameParts(written, returned any) bool {
	first, second := parts(written), parts(returned)
	for name, value := range first {
		if fmt.Sprint(value) != fmt.Sprint(second[name]) {
			return false
		}
	}
	return true
}

func parts(value any) map[string]any {
	found := map[string]any{}
	if text, err := json.Marshal(value); err == nil {
		_ = json.Unmarshal(text, &found)
	}
	return found
}

func sameTags(first, second []string) bool {
	count := func(tags []string) map[string]int {
		counted := map[string]int{}
		for _, tag := range tags {
			counted[tag]++
		}
		return counted
	}
	return reflect.DeepEqual(count(first), count(second))
}

func valueOf[T any](pointer *T) T {
	var zero T
	if pointer == nil {
		return zero
	}
	return *pointer
}
