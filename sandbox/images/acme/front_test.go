package main

import (
	"encoding/json"
	"testing"
)

func TestOnlyAPendingObjectWithAnErrorBecomesInvalid(t *testing.T) {
	cases := map[string]string{
		`{"status":"pending"}`:                                                          `{"status":"pending"}`,
		`{"error":{"type":"x"},"status":"pending"}`:                                     `{"error":{"type":"x"},"status":"invalid"}`,
		`{"error":{"type":"x"},"status":"valid"}`:                                       `{"error":{"type":"x"},"status":"valid"}`,
		`{"challenges":[{"status":"pending"}],"status":"pending"}`:                      `{"challenges":[{"status":"pending"}],"status":"pending"}`,
		`{"challenges":[{"error":{"type":"x"},"status":"pending"}],"status":"pending"}`: `{"challenges":[{"error":{"type":"x"},"status":"invalid"}],"status":"invalid"}`,
	}
	for given, expected := range cases {
		var object map[string]any
		if err := json.Unmarshal([]byte(given), &object); err != nil {
			t.Fatal(err)
		}
		markFailed(object)
		if got, _ := json.Marshal(object); string(got) != expected {
			t.Errorf("%s became %s, expected %s", given, got, expected)
		}
	}
}
