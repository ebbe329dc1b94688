// Reads a history of registers as JSON from its input, and tells which registers are not linearizable.
//
// A register has a version and a value. A read returns both. A compare-and-set names the version that it expects; it
// raises the version by one, or is refused because the version is another.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

// Enough for the longest history of one register; a search that takes longer ends without an answer.
const limit = 60 * time.Second

// An operation as its client saw it; times in nanoseconds. `Return` of an answer that never came is 0.
type operation struct {
	Register int    `json:"register"`
	Client   int    `json:"client"`
	Call     int64  `json:"call"`
	Return   int64  `json:"return"`
	Expected int64  `json:"expected"`
	Value    string `json:"value"`
	Outcome  string `json:"outcome"`
	Version  int64  `json:"version"`
}

type state struct {
	version int64
	value   string
}

type result struct {
	Illegal   []int `json:"illegal"`
	Undecided []int `json:"undecided"`
}

func step(before state, one operation) (bool, state) {
	switch one.Outcome {
	case "read":
		return before == state{one.Version, one.Value}, before
	case "set":
		return before.version == one.Expected && one.Version == one.Expected+1, state{one.Version, one.Value}
	case "refused":
		return before.version != one.Expected, before
	case "unknown":
		// Without an answer it may have been done at any time since, or not at all.
		if before.version == one.Expected {
			return true, state{one.Expected + 1, one.Value}
		}
		return true, before
	}
	return false, before
}

var model = porcupine.Model{
	Init: func() interface{} { return state{1, ""} },
	Step: func(before, input, _ interface{}) (bool, interface{}) {
		legal, after := step(before.(state), input.(operation))
		return legal, after
	},
}

func main() {
	var read []operation
	if err := json.NewDecoder(os.Stdin).Decode(&read); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	histories := map[int][]porcupine.Operation{}
	var last int64
	for _, one := range read {
		if last < one.Call {
			last = one.Call
		}
		if last < one.Return {
			last = one.Return
		}
	}
	for _, one := range read {
		if one.Return == 0 {
			one.Return = last + 1
		}
		histories[one.Register] = append(histories[one.Register], porcupine.Operation{
			ClientId: one.Client, Input: one, Call: one.Call, Return: one.Return,
		})
	}
	found := result{[]int{}, []int{}}
	for register, history := range histories {
		switch porcupine.CheckOperationsTimeout(model, history, limit) {
		case porcupine.Illegal:
			found.Illegal = append(found.Illegal, register)
		case porcupine.Unknown:
			found.Undecided = append(found.Undecided, register)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
