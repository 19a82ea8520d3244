-- Trails: what people did, what one request or run did together, and to what a record once belonged.

-- What people do, by whom and by request. What syncs and runs of rules do in bulk is found by its
-- place in the log instead, so that loading it costs no more.
CREATE INDEX events_by_key ON events (tenant, actor, position) WHERE actor LIKE 'key/%';
CREATE INDEX events_by_correlation ON events (tenant, correlation, position)
    WHERE cause NOT LIKE 'sync/%' AND cause NOT LIKE 'rule\_run/%';

-- The subjects that what is history belonged to.
SET search_path = read_models, public;
CREATE INDEX invoices_history_by_account ON invoices_history (tenant, company_id, cust_id);
CREATE INDEX payments_history_by_account ON payments_history (tenant, company_id, cust_id);
CREATE INDEX issue_invoices_history_by_invoice
    ON issue_invoices_history (tenant, company_id, tran_id);
CREATE INDEX activity_tags_history_by_invoice
    ON activity_tags_history (tenant, company_id, tran_id);
CREATE INDEX payment_applications_history_by_payment
    ON payment_applications_history (tenant, company_id, payment_id);
CREATE INDEX sales_orders_history_by_account
    ON sales_orders_history (tenant, company_id, cust_id);
CREATE INDEX pending_payments_history_by_payment
    ON pending_payments_history (tenant, company_id, payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX api_keys_by_user ON api_keys (tenant, user_id) WHERE user_id IS NOT NULL;

-- Who read personal data, where the site says that this is recorded: one row a request.
CREATE TABLE public.personal_data_reads (
    tenant integer NOT NULL,
    read_id bigint GENERATED ALWAYS AS IDENTITY,
    read_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    user_id text COLLATE "C",
    request_id text COLLATE "C" NOT NULL,
    operation text COLLATE "C",
    fields text[] NOT NULL,
    PRIMARY KEY (tenant, read_id)
);
COMMENT ON COLUMN public.personal_data_reads.request_id IS
    'The request''s id, which is the correlation of what it did.';
COMMENT ON COLUMN public.personal_data_reads.fields IS
    'The fields that were read, such as contacts.cntct_name.';

-- About whom: the streams of the records that were read.
CREATE TABLE public.personal_data_read_subjects (
    tenant integer NOT NULL,
    subject text COLLATE "C" NOT NULL,
    read_id bigint NOT NULL,
    PRIMARY KEY (tenant, subject, read_id)
);
CREATE INDEX personal_data_read_subjects_by_read
    ON public.personal_data_read_subjects (tenant, read_id);

CREATE FUNCTION public.refuse_change_of_read() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What was read stays recorded: % is refused.', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;

DO $$
DECLARE
    recorded text;
BEGIN
    FOREACH recorded IN ARRAY ARRAY['personal_data_reads', 'personal_data_read_subjects'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON public.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change_of_read()',
            recorded || '_are_append_only', recorded);
        EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER %I',
            recorded, recorded || '_are_append_only');
        CALL public.fence_by_tenant(format('public.%I', recorded)::regclass);
        EXECUTE format('GRANT SELECT ON public.%I TO tallystick_app, tallystick_worker, tallystick_auditor',
            recorded);
    END LOOP;
END
$$;

-- Records a reading of the session's tenant: the only way in for the application's role.
CREATE FUNCTION public.record_personal_read(
    for_tenant integer, by_actor text, in_role text, for_user text, in_request text,
    in_operation text, read_fields text[], read_subjects text[]
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    recorded bigint;
BEGIN
    IF session_tenant() IS DISTINCT FROM for_tenant THEN
        RAISE EXCEPTION 'This session may not record readings of tenant %.', for_tenant
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO personal_data_reads (tenant, actor, role, user_id, request_id, operation, fields)
    VALUES (for_tenant, by_actor, in_role, for_user, in_request, in_operation, read_fields)
    RETURNING read_id INTO recorded;
    INSERT INTO personal_data_read_subjects (tenant, subject, read_id)
    SELECT for_tenant, subject, recorded FROM unnest(read_subjects) AS subject;
    RETURN recorded;
END
$$;
REVOKE EXECUTE ON FUNCTION public.record_personal_read FROM public;
GRANT EXECUTE ON FUNCTION public.record_personal_read TO tallystick_app;
