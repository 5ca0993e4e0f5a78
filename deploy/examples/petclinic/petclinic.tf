variable "vpc_id" {
  type = string
}

variable "listener_arn" {
  description = "A listener that no controller in the cluster manages"
  type        = string
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
  listener_arn = var.listener_arn
  priority     = 1

  condition {
    path_pattern {
      values = ["/petclinic*"]
    }
  }

  # Both groups from the start: with target_group_arn alone an apply would remove the canary.
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

  # What the router's IAM policy asks for.
  tags = {
    "elbv2-trafficrouter/namespace" = "petclinic"
  }

  lifecycle {
    # The weights are the router's.
    ignore_changes = [action[0].forward[0].target_group]
  }
}

output "rule" {
  value = aws_lb_listener_rule.petclinic.arn
}

output "target_groups" {
  value = { for group in aws_lb_target_group.was : group.name => group.arn }
}
