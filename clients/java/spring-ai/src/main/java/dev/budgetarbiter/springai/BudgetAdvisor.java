package dev.budgetarbiter.springai;

import dev.budgetarbiter.client.BudgetClient;
import dev.budgetarbiter.client.Slot;
import dev.budgetarbiter.client.SlotRequest;
import java.util.concurrent.CancellationException;
import java.util.function.ToLongFunction;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.core.Ordered;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Puts each model call of a {@code ChatClient} in a slot of its own, and reports what it cost.
 *
 * <pre>{@code
 * ChatClient chat = ChatClient.builder(model).defaultAdvisors(BudgetAdvisor.builder(budget).build()).build();
 * }</pre>
 *
 * <p>A call throws, and a stream fails with, what {@link BudgetClient#acquire} throws. It stands next to the model, so a conversation
 * with tools takes a slot for each of its calls, and holds none while a tool works.
 */
public final class BudgetAdvisor implements CallAdvisor, StreamAdvisor {
  /** A parameter of a request that names its AI: {@code chat.prompt().advisors(a -> a.param(BudgetAdvisor.AI, "writer"))}. */
  public static final String AI = "budget-arbiter.ai";

  /** A parameter of a request that names its budget. */
  public static final String BUDGET = "budget-arbiter.budget";

  /** Outside of what calls the model, inside of all else. */
  private static final int NEXT_TO_THE_MODEL = Ordered.LOWEST_PRECEDENCE - 100;

  private final BudgetClient client;
  private final SlotRequest template;
  private final ToLongFunction<ChatClientRequest> estimate;
  private final int order;

  private BudgetAdvisor(Builder builder) {
    client = builder.client;
    template = builder.template;
    estimate = builder.estimate;
    order = builder.order;
  }

  /**
   * To say what slots are asked for.
   *
   * @param client where slots come from
   */
  public static Builder builder(BudgetClient client) {
    return new Builder(client);
  }

  @Override
  public String getName() {
    return "budget-arbiter";
  }

  @Override
  public int getOrder() {
    return order;
  }

  @Override
  public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
    try {
      return client.call(slotRequest(request), slot -> {
        ChatClientResponse response = chain.nextCall(request);
        new SpentTokens(slot).take(response).report();
        return response;
      });
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw (CancellationException) new CancellationException("interrupted while waiting for a slot").initCause(interrupted);
    }
  }

  @Override
  public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
    Mono<SpentTokens> acquired = Mono.fromFuture(() -> client.acquireAsync(slotRequest(request)))
        .doOnDiscard(Slot.class, BudgetAdvisor::giveBack)
        .map(SpentTokens::new);
    return Flux.usingWhen(
        acquired,
        spent -> chain.nextStream(StreamUsage.asked(request)).doOnNext(spent::take),
        spent -> Mono.fromRunnable(spent::report),
        (spent, error) -> Mono.fromRunnable(() -> spent.fail(error)),
        spent -> Mono.fromRunnable(spent::leave));
  }

  private SlotRequest slotRequest(ChatClientRequest request) {
    SlotRequest asked = template;
    if (estimate != null) asked = asked.estimate(estimate.applyAsLong(request));
    if (request.context().get(AI) instanceof String ai) asked = asked.ai(ai);
    if (request.context().get(BUDGET) instanceof String budget) asked = asked.budget(budget);
    var options = request.prompt().getOptions();
    return options == null || options.getModel() == null ? asked : asked.model(options.getModel());
  }

  private static void giveBack(Slot slot) {
    slot.unused();
    slot.close();
  }

  /** What slots are asked for, unless a request says otherwise. */
  public static final class Builder {
    /** Characters of a token, as a rule of thumb, and what an answer typically takes. */
    private static final int CHARACTERS_A_TOKEN = 4;
    private static final int TYPICAL_ANSWER = 500;

    private final BudgetClient client;
    private SlotRequest template = SlotRequest.ofDefaults();
    private ToLongFunction<ChatClientRequest> estimate =
        request -> request.prompt().getContents().length() / CHARACTERS_A_TOKEN + TYPICAL_ANSWER;
    private int order = NEXT_TO_THE_MODEL;

    private Builder(BudgetClient client) {
      this.client = client;
    }

    /** What to ask for: budget, AI, wait and all the rest but the estimate and the model. */
    public Builder request(SlotRequest request) {
      template = request;
      return this;
    }

    /** How much a call will probably cost. Default: a token for four characters of the prompt, and 500 for the answer. */
    public Builder estimate(ToLongFunction<ChatClientRequest> estimator) {
      estimate = estimator;
      return this;
    }

    /** No estimate: the policy's default reservation. */
    public Builder withoutEstimate() {
      estimate = null;
      return this;
    }

    /** Where it stands among the advisors. Default: next to the model. */
    public Builder order(int position) {
      order = position;
      return this;
    }

    /** The advisor. */
    public BudgetAdvisor build() {
      return new BudgetAdvisor(this);
    }
  }
}
