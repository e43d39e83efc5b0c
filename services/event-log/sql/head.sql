SELECT position, epoch FROM log_head
