package wire

import (
	"encoding/json"
	"os"
	"testing"
)

// vectors reads what every language is held to.
func vectors(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("../../../vectors/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func TestPartitionIsThatOfEveryLanguage(t *testing.T) {
	var file struct {
		Vectors []struct {
			Key       string
			Partition int
		}
	}
	vectors(t, "partitions.json", &file)
	if len(file.Vectors) < 5 {
		t.Fatal("there are no vectors")
	}
	for _, v := range file.Vectors {
		if found := Partition(v.Key, 16); found != v.Partition {
			t.Errorf("partition of %.20q: %d, not %d", v.Key, found, v.Partition)
		}
	}
}

func TestTellsLieWhereTheyDoInEveryLanguage(t *testing.T) {
	var file struct {
		Vectors []struct{ Service, Method, Key, ID, Stream, Subject, MessageID, Token, ReplySubject string }
	}
	vectors(t, "tells.json", &file)
	if len(file.Vectors) < 4 {
		t.Fatal("there are no vectors")
	}
	for _, v := range file.Vectors {
		token := TellToken(v.Service, v.Method, v.Key, v.ID)
		for what, pair := range map[string][2]string{
			"stream":     {TellStream("", v.Service), v.Stream},
			"subject":    {TellSubject("", v.Service, Partition(v.Key, TellPartitions)), v.Subject},
			"message id": {TellMessageID(v.Method, v.Key, v.ID), v.MessageID},
			"token":      {token, v.Token},
			"reply":      {ReplySubject("", v.Service, token), v.ReplySubject},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s of %s/%s: %s, not %s", what, v.Method, v.Key, pair[0], pair[1])
			}
		}
	}
}

func TestTopicsLieWhereTheyDoInEveryLanguage(t *testing.T) {
	var file struct {
		Vectors []struct {
			Prefix, Topic, Group string
			Partitions           int
			Stream               struct {
				Name     string
				Subjects []string
			}
			Keys []struct {
				Key, Subject, Consumer string
				Partition              int
			}
			DeadLetter struct{ Stream, Subject string }
		}
	}
	vectors(t, "topics.json", &file)
	if len(file.Vectors) < 3 {
		t.Fatal("there are no vectors")
	}
	for _, v := range file.Vectors {
		if found := TopicStream(v.Prefix, v.Topic); found != v.Stream.Name {
			t.Errorf("stream: %s, not %s", found, v.Stream.Name)
		}
		if found := TopicSubjects(v.Prefix, v.Topic); found[0] != v.Stream.Subjects[0] || found[1] != v.Stream.Subjects[1] {
			t.Errorf("subjects: %v, not %v", found, v.Stream.Subjects)
		}
		if found := DeadLetterSubject(v.Prefix, v.Group, v.Topic); found != v.DeadLetter.Subject {
			t.Errorf("dead letters: %s, not %s", found, v.DeadLetter.Subject)
		}
		if found := v.Prefix + DeadLetterStream; found != v.DeadLetter.Stream {
			t.Errorf("dead letters: %s, not %s", found, v.DeadLetter.Stream)
		}
		for _, key := range v.Keys {
			partition := Partition(key.Key, v.Partitions)
			subject, consumer := TopicSubject(v.Prefix, v.Topic, partition), Consumer(v.Group, partition)
			if partition != key.Partition || subject != key.Subject || consumer != key.Consumer {
				t.Errorf("key %q: %d %s %s, not %d %s %s", key.Key, partition, subject, consumer, key.Partition, key.Subject, key.Consumer)
			}
		}
	}
}

func TestHeadersTravelAsInEveryLanguage(t *testing.T) {
	var file struct {
		Values, Decoded []struct{ Value, Encoded string }
	}
	vectors(t, "headers.json", &file)
	if len(file.Values) < 5 || len(file.Decoded) < 3 {
		t.Fatal("there are no vectors")
	}
	for _, v := range file.Values {
		if found := EncodeValue(v.Value); found != v.Encoded {
			t.Errorf("%q travels as %q, not %q", v.Value, found, v.Encoded)
		}
		if found := DecodeValue(v.Encoded); found != v.Value {
			t.Errorf("%q says %q, not %q", v.Encoded, found, v.Value)
		}
	}
	for _, v := range file.Decoded {
		if found := DecodeValue(v.Encoded); found != v.Value {
			t.Errorf("%q says %q, not %q", v.Encoded, found, v.Value)
		}
	}
}
