package integration

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	argo "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
)

// A petclinic is a rule in an emulator that forwards to was-stable only, and a target group was-canary.
type petclinic struct {
	t                        testing.TB
	url                      string
	listener, rule           string
	stableGroup, canaryGroup string
}

func newPetclinic(t testing.TB, endpoint string) *petclinic {
	t.Helper()
	p := &petclinic{t: t, url: endpoint}
	balancer := p.created("LoadBalancerArn", "CreateLoadBalancer", "Name", "petclinic",
		"Subnets.member.1", "subnet-0a1b2c3d", "Subnets.member.2", "subnet-1a2b3c4d")
	group := func(name string) string {
		return p.created("TargetGroupArn", "CreateTargetGroup", "Name", name, "Protocol", "HTTP", "Port", "8080",
			"VpcId", "vpc-0a1b2c3d", "TargetType", "ip")
	}
	p.stableGroup, p.canaryGroup = group("was-stable"), group("was-canary")
	p.listener = p.created("ListenerArn", "CreateListener", "LoadBalancerArn", balancer, "Protocol", "HTTP", "Port", "80",
		"DefaultActions.member.1.Type", "fixed-response", "DefaultActions.member.1.FixedResponseConfig.StatusCode", "404")
	p.rule = p.created("RuleArn", "CreateRule", "ListenerArn", p.listener, "Priority", "100",
		"Conditions.member.1.Field", "path-pattern", "Conditions.member.1.PathPatternConfig.Values.member.1", "/petclinic*",
		"Actions.member.1.Type", "forward", "Actions.member.1.TargetGroupArn", p.stableGroup)
	return p
}

// call makes one ELBv2 request, with another access key than the sidecar.
func (p *petclinic) call(action string, parameters ...string) []byte {
	p.t.Helper()
	form := url.Values{"Action": {action}, "Version": {"2015-12-01"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	request, err := http.NewRequest(http.MethodPost, p.url, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAI44QH8DHBEXAMPLE/20300101/eu-west-1/"+
		"elasticloadbalancing/aws4_request, SignedHeaders=host, Signature=00")
	return p.answer(request)
}

func (p *petclinic) answer(request *http.Request) []byte {
	p.t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		p.t.Fatalf("%s %s: %s %v %s", request.Method, request.URL, response.Status, err, body)
	}
	return body
}

// created calls a Create action and returns the first ARN of this kind in the answer.
func (p *petclinic) created(kind, action string, parameters ...string) string {
	p.t.Helper()
	_, after, found := strings.Cut(string(p.call(action, parameters...)), "<"+kind+">")
	arn, _, _ := strings.Cut(after, "<")
	if !found {
		p.t.Fatalf("%s returned no %s", action, kind)
	}
	return arn
}

// weights returns the current weights of the rule, by target group.
func (p *petclinic) weights() map[string]int {
	p.t.Helper()
	var described struct {
		Groups []struct {
			TargetGroupArn string
			Weight         int
		} `xml:"DescribeRulesResult>Rules>member>Actions>member>ForwardConfig>TargetGroups>member"`
	}
	if err := xml.Unmarshal(p.call("DescribeRules", "RuleArns.member.1", p.rule), &described); err != nil {
		p.t.Fatal(err)
	}
	weights := map[string]int{}
	for _, group := range described.Groups {
		weights[group.TargetGroupArn] = group.Weight
	}
	return weights
}

// priorities returns the priorities of the listener's rules with a single target group, by that group.
func (p *petclinic) priorities() map[string]string {
	p.t.Helper()
	var described struct {
		Rules []struct {
			Priority string
			Group    string `xml:"Actions>member>TargetGroupArn"`
		} `xml:"DescribeRulesResult>Rules>member"`
	}
	if err := xml.Unmarshal(p.call("DescribeRules", "ListenerArn", p.listener), &described); err != nil {
		p.t.Fatal(err)
	}
	priorities := map[string]string{}
	for _, rule := range described.Rules {
		if rule.Group != "" {
			priorities[rule.Group] = rule.Priority
		}
	}
	return priorities
}

// slow delays the next call of an action. The function that it returns reports whether that call has begun.
func (p *petclinic) slow(action string, seconds float64) (begun func() bool) {
	p.t.Helper()
	body := fmt.Sprintf(`{"action": %q, "latencySeconds": %v, "times": 1}`, action, seconds)
	p.control(http.MethodPost, body)
	return func() bool { return p.control(http.MethodGet, "") == "[]" }
}

func (p *petclinic) control(method, body string) string {
	p.t.Helper()
	request, err := http.NewRequest(method, p.url+"/_emulator/faults", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.TrimSpace(string(p.answer(request)))
}

// rollout returns a Rollout that names the rule in its configuration.
func (p *petclinic) rollout() *argo.Rollout {
	return newRollout(p.t, fmt.Sprintf(`{"rules": [{"arn": %q}], "targetGroups": {"was-stable": %q, "was-canary": %q}}`,
		p.rule, p.stableGroup, p.canaryGroup))
}

func newRollout(t testing.TB, config string) *argo.Rollout {
	t.Helper()
	rollout := &argo.Rollout{}
	if err := json.Unmarshal([]byte(`{
		"metadata": {"name": "was", "namespace": "petclinic", "uid": "0b2f", "generation": 4},
		"spec": {"replicas": 2, "strategy": {"canary": {
			"stableService": "was-stable", "canaryService": "was-canary",
			"steps": [{"setWeight": 10}, {"pause": {}}],
			"trafficRouting": {"managedRoutes": [{"name": "vets"}], "plugins": {"trafficrouter/elbv2": `+config+`, "example/null": null, "example/list": [1]}}
		}}},
		"status": {"currentStepIndex": 1, "stableRS": "687d76d795"}
	}`), rollout); err != nil {
		t.Fatal(err)
	}
	return rollout
}
