// A whole executor on the bare protocol: it runs jobs, reports how they end, and opens a new session
// when its stream breaks. It resumes none: what it ran meanwhile is given to somebody else.
package main

import (
	"context"
	"log"
	"math/rand"
	"os"
	"time"

	pb "example.org/executor/leaseholdv1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// Several run at once. An error fails the attempt, with its text.
var handlers = map[string]func(payload string) error{
	"hello": func(payload string) error { log.Print("hello, ", payload); return nil },
}
var name, concurrency = "hello-go", 4

func main() {
	connection, err := grpc.Dial(os.Getenv("LEASEHOLD_SERVER"), // "127.0.0.1:7411"
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1<<31-1))) // jobs of any size
	if err != nil {
		log.Fatal(err)
	}
	client := pb.NewExecutorServiceClient(connection)
	for {
		err := runSession(client)
		if status.Code(err) == codes.InvalidArgument {
			log.Fatal(err) // this program is wrong, and would be again
		}
		log.Print("connecting again: ", err)
		time.Sleep(time.Duration(rand.Int63n(int64(time.Second)))) // full jitter
	}
}

func runSession(client pb.ExecutorServiceClient) error {
	stream, err := client.LeaseJobs(context.Background())
	if err != nil {
		return err
	}
	var received, sequence int64 // of `jobs` frames that came, and of outcomes that went
	interval := time.Second
	beat := time.NewTicker(interval)
	defer beat.Stop()
	send := func(frame *pb.LeaseJobsRequest) {
		frame.ReceivedSequence = received // the receipt, in every frame
		stream.Send(frame)                // if it fails, Recv tells why
		beat.Reset(interval)
	}
	send(open())
	frames, ended := receive(stream)
	outcomes := make(chan *pb.Outcome, concurrency)
	for {
		select {
		case err := <-ended:
			return err
		case frame := <-frames:
			if opened := frame.GetOpened(); opened != nil {
				interval = opened.HeartbeatInterval.AsDuration() * 3 / 4
				beat.Reset(interval)
			}
			if jobs := frame.GetJobs(); jobs != nil {
				received = jobs.Sequence
				send(started(jobs.Jobs)) // before the first handler begins
				for _, job := range jobs.Jobs {
					go func(job *pb.LeasedJob) { outcomes <- run(job) }(job)
				}
			}
			if frame.GetHeartbeat().GetReply() {
				send(heartbeat())
			}
		case outcome := <-outcomes:
			sequence++
			send(report(sequence, outcome))
		case <-beat.C:
			send(heartbeat())
		}
	}
}

func run(job *pb.LeasedJob) *pb.Outcome {
	if err := handlers[job.Task](job.Payload); err != nil {
		return &pb.Outcome{LeaseToken: job.LeaseToken,
			Result: &pb.Outcome_Fail_{Fail: &pb.Outcome_Fail{Error: err.Error()}}}
	}
	return &pb.Outcome{LeaseToken: job.LeaseToken,
		Result: &pb.Outcome_Complete_{Complete: &pb.Outcome_Complete{}}}
}
