package registry

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

type registrationVector struct {
	About, Field string
	Instance     struct {
		Name, Address, Version, Zone, Lang, DescriptorSha256 string
		Port, HealthPort                                     int
		ProtoServices, Protocols                             []string
		Meta                                                 map[string]string
		Check                                                struct{ Type string }
	}
	Body map[string]any
}

func (v registrationVector) announcement() Announcement {
	i := v.Instance
	return Announcement{
		Service: i.Name, Address: i.Address, Port: i.Port, ProtoServices: i.ProtoServices, Version: i.Version, Zone: i.Zone,
		Lang: i.Lang, HealthPort: i.HealthPort, Meta: i.Meta,
	}
}

func TestRegistrationIsThatOfEveryLanguage(t *testing.T) {
	text, err := os.ReadFile("../../vectors/registration.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors, Refused []registrationVector }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, v := range file.Vectors {
		if v.Instance.Check.Type != "grpc" || len(v.Instance.Protocols) != 1 {
			continue // this library does gRPC, with a gRPC check
		}
		compared++
		said := v.announcement()
		if err := said.check(); err != nil {
			t.Errorf("%s: %v", v.About, err)
		}
		body, err := json.Marshal(said.registration())
		if err != nil {
			t.Fatal(err)
		}
		var found map[string]any
		if err := json.Unmarshal(body, &found); err != nil {
			t.Fatal(err)
		}
		if sha := v.Instance.DescriptorSha256; sha != "" {
			meta, _ := found["Meta"].(map[string]any)
			meta["descriptor_sha256"] = sha
		}
		if !reflect.DeepEqual(found, v.Body) {
			t.Errorf("%s:\n%v, not\n%v", v.About, found, v.Body)
		}
	}
	if compared < 4 {
		t.Errorf("only %d were compared", compared)
	}
	for _, v := range file.Refused {
		err := v.announcement().check()
		if err == nil || !strings.Contains(err.Error(), v.Field) {
			t.Errorf("%s: %v, which does not name %s", v.About, err, v.Field)
		}
	}
}
