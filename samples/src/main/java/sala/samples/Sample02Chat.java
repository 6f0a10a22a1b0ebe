package sala.samples;

import java.util.List;
import java.util.Optional;
import sala.loader.Checkpoint;
import sala.model.Backend;
import sala.model.EmbeddedModel;
import sala.model.ForwardPass;
import sala.model.ForwardPasses;
import sala.model.ModelWeights;
import sala.model.PassOptions;
import sala.model.SessionOptions;
import sala.model.generate.CancellationToken;
import sala.model.generate.Conversation;
import sala.model.generate.GenerationListener;
import sala.model.generate.GenerationOptions;

/** A dialogue: every turn is read once, and the model remembers the ones before. */
public final class Sample02Chat {
    private Sample02Chat() {}

    /** Tells the embedded model a pass key, which is all that it can talk about, and asks for it. */
    public static void main(String[] args) {
        PassOptions passOptions = PassOptions.of(Runtime.getRuntime().availableProcessors(), 2048);
        try (Checkpoint checkpoint = Checkpoint.open(EmbeddedModel.directory());
                ForwardPass pass = ForwardPasses.choose(Backend.AUTO).open(ModelWeights.load(checkpoint), passOptions);
                Conversation conversation = new Conversation(
                        pass,
                        checkpoint.tokenizer().orElseThrow(),
                        checkpoint.chatTemplate()::render,
                        SessionOptions.ofContextLength(2048),
                        Optional.empty())) {
            GenerationOptions options =
                    GenerationOptions.builder().maxTokens(30).build();
            for (String text : List.of(
                    "And the king went up to the house. The pass key is 48213. Remember it. "
                            + "And the people came.\nWhat is the pass key?",
                    "What is the pass key?")) {
                String answer = conversation
                        .reply(text, options, GenerationListener.NONE, new CancellationToken())
                        .text();
                System.out.printf("%s%n  (%d tokens so far)%n", answer.strip(), conversation.position());
            }
        }
    }
}
