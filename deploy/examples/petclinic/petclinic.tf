variable "vpc_id" {
  type = string
}

variable "load_balancer_arn" {
  description = "A load balancer that no controller in the cluster manages"
  type        = string
}

variable "certificate_arn" {
  type = string
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = var.load_balancer_arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }

  # For header routes: the router's IAM policy allows CreateRule only on listeners with this tag.
  tags = {
    "elbv2-trafficrouter/namespace" = "petclinic"
  }
}

resource "aws_lb_target_group" "was" {
  for_each = toset(["stable", "canary"])

  name        = "was-${each.key}"
  vpc_id      = var.vpc_id
  port        = 8080
  protocol    = "HTTP"
  target_type = "ip"

  health_check {
    path = "/actuator/health"
  }
}

resource "aws_lb_listener_rule" "petclinic" {
  listener_arn = aws_lb_listener.https.arn
  # The router creates rules for header routes with the priorities just below this one.
  priority = 100

  condition {
    path_pattern {
      values = ["/petclinic*"]
    }
  }

  # Both groups must be named: with target_group_arn alone, an apply would remove the canary's group.
  action {
    type = "forward"

    forward {
      target_group {
        arn    = aws_lb_target_group.was["stable"].arn
        weight = 100
      }

      target_group {
        arn    = aws_lb_target_group.was["canary"].arn
        weight = 0
      }
    }
  }

  # For weights: the router's IAM policy allows ModifyRule only on rules with this tag.
  tags = {
    "elbv2-trafficrouter/namespace" = "petclinic"
  }

  lifecycle {
    # The router writes the weights.
    ignore_changes = [action[0].forward[0].target_group]
  }
}

output "rule" {
  value = aws_lb_listener_rule.petclinic.arn
}

output "target_groups" {
  value = { for group in aws_lb_target_group.was : group.name => group.arn }
}
