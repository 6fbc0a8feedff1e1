package main

import pb "example.org/executor/leaseholdv1"

// The window is what runs at once: nothing is held ready, so that each job begins when it comes.
func open() *pb.LeaseJobsRequest {
	open := &pb.LeaseJobsRequest_Open{
		ExecutorName: name,
		Window:       &pb.LeaseJobsRequest_Window{Jobs: int32(concurrency)},
		SdkName:      "go-example",
		SdkVersion:   "1",
	}
	for task := range handlers {
		open.Tasks = append(open.Tasks, task)
	}
	return &pb.LeaseJobsRequest{Frame: &pb.LeaseJobsRequest_Open_{Open: open}}
}

func started(jobs []*pb.LeasedJob) *pb.LeaseJobsRequest {
	started := &pb.LeaseJobsRequest_Started{}
	for _, job := range jobs {
		started.LeaseTokens = append(started.LeaseTokens, job.LeaseToken)
	}
	return &pb.LeaseJobsRequest{Frame: &pb.LeaseJobsRequest_Started_{Started: started}}
}

func report(sequence int64, outcome *pb.Outcome) *pb.LeaseJobsRequest {
	return &pb.LeaseJobsRequest{Frame: &pb.LeaseJobsRequest_Outcomes_{
		Outcomes: &pb.LeaseJobsRequest_Outcomes{Sequence: sequence, Outcomes: []*pb.Outcome{outcome}}}}
}

func heartbeat() *pb.LeaseJobsRequest {
	return &pb.LeaseJobsRequest{Frame: &pb.LeaseJobsRequest_Heartbeat_{}}
}

// The frames of the stream and, after the last one, how it ended.
func receive(stream pb.ExecutorService_LeaseJobsClient) (<-chan *pb.LeaseJobsResponse, <-chan error) {
	frames, ended := make(chan *pb.LeaseJobsResponse), make(chan error, 1)
	go func() {
		for {
			frame, err := stream.Recv()
			if err != nil {
				ended <- err
				return
			}
			frames <- frame
		}
	}()
	return frames, ended
}
